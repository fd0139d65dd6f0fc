using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Ingestion;

/// <summary>Texts to vectors in slices, so that a large document shares the encoder with the others and never fills its queue alone.</summary>
internal static class ChunkEncoding
{
    private const int SliceTexts = 32;

    /// <summary>Pause after the encoder's queue was full: back-pressure is no failure and costs no attempt.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static async Task<List<float[]>> EncodeAsync(IEncoder encoder, CollectionRow collection, List<string> texts, TimeProvider time, CancellationToken cancellationToken)
    {
        List<float[]> vectors = new(texts.Count);
        while (vectors.Count < texts.Count)
        {
            try
            {
                List<string> slice = texts.GetRange(vectors.Count, Math.Min(SliceTexts, texts.Count - vectors.Count));
                EmbedResult result = await encoder.EmbedAsync(new EmbedRequest(slice, InputKind.Document, collection.Encoder), cancellationToken);
                VectorSpace.Require(collection.Space, result.Space, $"Encoder {collection.Encoder}");
                vectors.AddRange(result.Vectors);
            }
            catch (RetrievalException e) when (e.Problem.Kind == ErrorKind.Overloaded)
            {
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
        return vectors;
    }
}

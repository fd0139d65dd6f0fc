using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Ingestion;

/// <summary>Texts to vectors in slices, so that a large document shares the encoder with the others and never fills its queue alone.</summary>
internal static class ChunkEncoding
{
    private const int SliceTexts = 32;

    /// <summary>Pause after the encoder's queue was full: back-pressure is no failure and costs no attempt.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>One vector a text; null when <paramref name="isWanted"/>, asked before each slice, says that the work is for nothing.</summary>
    public static async Task<List<float[]>?> EncodeAsync(IEncoder encoder, CollectionRow collection, List<string> texts, Func<Task<bool>> isWanted, TimeProvider time, CancellationToken cancellationToken)
    {
        List<float[]> vectors = new(texts.Count);
        while (vectors.Count < texts.Count)
        {
            if (!await isWanted())
            {
                return null;
            }
            try
            {
                List<string> slice = texts.GetRange(vectors.Count, Math.Min(SliceTexts, texts.Count - vectors.Count));
                vectors.AddRange(await SliceAsync(encoder, collection, slice, cancellationToken));
            }
            catch (RetrievalException e) when (e.Problem.Kind == ErrorKind.Overloaded)
            {
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
        return vectors;
    }

    private static async Task<IReadOnlyList<float[]>> SliceAsync(IEncoder encoder, CollectionRow collection, List<string> slice, CancellationToken cancellationToken)
    {
        EmbedResult result = await encoder.EmbedAsync(new EmbedRequest(slice, InputKind.Document, collection.Encoder), cancellationToken);
        VectorSpace.Require(collection.Space, result.Space, $"Encoder {collection.Encoder}");
        return result.Vectors.Count == slice.Count ? result.Vectors
            : throw new RetrievalException(ErrorKind.Internal, $"Encoder {collection.Encoder} gave {result.Vectors.Count} vectors for {slice.Count} texts.");
    }
}

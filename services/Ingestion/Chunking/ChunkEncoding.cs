using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Ingestion.Chunking;

/// <summary>Texts to vectors in slices, so that a large document shares the encoder with the others and never fills its queue alone.</summary>
internal static class ChunkEncoding
{
    private const int SliceTexts = 32, SliceWindows = 8;

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
                vectors.AddRange(await SliceAsync(encoder, collection, slice, null, cancellationToken));
            }
            catch (RetrievalException e) when (e.Problem.Kind == ErrorKind.Overloaded)
            {
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
        return vectors;
    }

    /// <summary>One vector a chunk, pooled from the windows that the chunks share; null as in <see cref="EncodeAsync"/>.</summary>
    public static async Task<List<float[]>?> EncodeLateAsync(IEncoder encoder, CollectionRow collection, List<LateWindow> windows, Func<Task<bool>> isWanted, TimeProvider time, CancellationToken cancellationToken)
    {
        SortedDictionary<int, float[]> vectors = [];
        for (int window = 0; window < windows.Count;)
        {
            if (!await isWanted())
            {
                return null;
            }
            try
            {
                List<LateWindow> slice = windows.GetRange(window, Math.Min(SliceWindows, windows.Count - window));
                IReadOnlyList<float[]> given = await SliceAsync(encoder, collection, [.. slice.Select(w => w.Text)], [.. slice.Select(w => w.Spans)], cancellationToken);
                foreach ((int chunk, float[] vector) in slice.SelectMany(w => w.Chunks).Zip(given))
                {
                    vectors[chunk] = vector;
                }
                window += slice.Count;
            }
            catch (RetrievalException e) when (e.Problem.Kind == ErrorKind.Overloaded)
            {
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
        return [.. vectors.Values];
    }

    private static async Task<IReadOnlyList<float[]>> SliceAsync(IEncoder encoder, CollectionRow collection, List<string> slice, IReadOnlyList<IReadOnlyList<TextSpan>>? spans, CancellationToken cancellationToken)
    {
        EmbedResult result = await encoder.EmbedAsync(new EmbedRequest(slice, InputKind.Document, collection.Encoder, Truncate: spans is null) { Spans = spans }, cancellationToken);
        VectorSpace.Require(collection.Space, result.Space, $"Encoder {collection.Encoder}");
        int wanted = spans?.Sum(s => s.Count) ?? slice.Count;
        return result.Vectors.Count == wanted ? result.Vectors
            : throw new RetrievalException(ErrorKind.Internal, $"Encoder {collection.Encoder} gave {result.Vectors.Count} vectors for {wanted} texts.");
    }
}

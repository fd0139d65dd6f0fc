namespace Retrieval.Vectors.Codecs;

/// <summary>What a codec is trained from.</summary>
/// <param name="Sample">Rows of the collection, or some of them.</param>
/// <param name="Dimensions">Numbers in a row.</param>
/// <param name="Seed">Decides every random choice: equal seeds and samples give equal codecs.</param>
/// <param name="Progress">Told the share done, 0 to 1.</param>
public sealed record CodecTraining(ReadOnlyMemory<float> Sample, int Dimensions, int Seed, IProgress<double>? Progress = null)
{
    /// <summary>Rows of the sample.</summary>
    public int Rows => Sample.Length / Dimensions;

    /// <summary>At most so many rows, chosen by the seed without repetition.</summary>
    internal ReadOnlyMemory<float> Limited(int rows)
    {
        if (rows >= Rows)
        {
            return Sample;
        }
        int[] order = [.. Enumerable.Range(0, Rows)];
        new Random(Seed).Shuffle(order);
        float[] chosen = new float[rows * Dimensions];
        for (int i = 0; i < rows; i++)
        {
            Sample.Span.Slice(order[i] * Dimensions, Dimensions).CopyTo(chosen.AsSpan(i * Dimensions));
        }
        return chosen;
    }
}

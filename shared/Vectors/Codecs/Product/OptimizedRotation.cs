using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Vectors.Codecs.Product;

/// <summary>How the rotation of optimised product quantisation is searched.</summary>
/// <param name="Iterations">Turns of quantiser and rotation.</param>
/// <param name="FirstRounds">Rounds of k-means in the first turn.</param>
/// <param name="Rounds">Rounds of k-means in each later turn.</param>
/// <param name="MostRows">Rows of the sample that are used.</param>
internal sealed record RotationPlan(int Iterations, int FirstRounds, int Rounds, int MostRows)
{
    /// <summary>
    /// From principal directions dealt to the parts so that the products of their variances are alike: near the end already (Ge et al. 2013, section 4). FAISS
    /// begins at random and takes 50 iterations (40 and 4 rounds, 65,536 rows): six times as long, and further from the vectors on texts.
    /// </summary>
    public static RotationPlan Short { get; } = new(10, 8, 3, 32_768);
}

/// <summary>Optimised product quantisation (Ge et al. 2013): the rotation and the codebooks are bettered in turn.</summary>
internal static class OptimizedRotation
{
    /// <summary>Dimensions x dimensions, row-major: a row vector times it is the rotated vector.</summary>
    public static float[] Train(ReadOnlyMemory<float> rows, (int[] Sizes, int Bits) parts, RotationPlan plan, CodecTraining training, CancellationToken cancellationToken)
    {
        int dimensions = training.Dimensions, count = rows.Length / dimensions;
        Matrix rotation = DealtDirections(rows, parts.Sizes, dimensions, cancellationToken);
        float[] rotated = new float[rows.Length], rebuilt = new float[rows.Length];
        ProductQuantizer? quantizer = null;
        for (int i = 0; i < plan.Iterations; i++)
        {
            PackedMatrix.Of(rotation.ToSingles(), dimensions, dimensions).Multiply(rows, count, rotated, cancellationToken);
            quantizer = ProductQuantizer.Train(rotated, parts.Sizes, parts.Bits, new KMeansPlan(i == 0 ? plan.FirstRounds : plan.Rounds, training.Seed), quantizer, cancellationToken);
            Rebuild(quantizer, rotated, rebuilt, cancellationToken);
            rotation = Rotations.Procrustes(Moments.Cross(rows, dimensions, rebuilt, dimensions, cancellationToken), cancellationToken);
            training.Progress?.Report(0.8 * (i + 1) / plan.Iterations);
        }
        return rotation.ToSingles();
    }

    private static void Rebuild(ProductQuantizer quantizer, ReadOnlyMemory<float> rows, Memory<float> rebuilt, CancellationToken cancellationToken)
    {
        int dimensions = quantizer.Dimensions;
        Parallel.For(0, rows.Length / dimensions, new ParallelOptions { CancellationToken = cancellationToken }, () => new byte[quantizer.CodeBytes], (i, _, code) =>
        {
            quantizer.Encode(rows.Span.Slice(i * dimensions, dimensions), code);
            quantizer.Decode(code, rebuilt.Span.Slice(i * dimensions, dimensions));
            return code;
        }, _ => { });
    }

    /// <summary>Each direction goes to the part, not yet full, whose product of variances is smallest.</summary>
    private static Matrix DealtDirections(ReadOnlyMemory<float> rows, int[] sizes, int dimensions, CancellationToken cancellationToken)
    {
        PrincipalDirections directions = PrincipalDirections.Of(rows, dimensions, cancellationToken);
        double[] logs = new double[sizes.Length];
        List<int>[] dealt = [.. sizes.Select(_ => new List<int>())];
        for (int i = 0; i < dimensions; i++)
        {
            int part = Enumerable.Range(0, sizes.Length).Where(m => dealt[m].Count < sizes[m]).MinBy(m => logs[m]);
            dealt[part].Add(i);
            logs[part] += Math.Log(Math.Max(directions.Variances[i], double.Epsilon)) - Math.Log(Math.Max(directions.Variances[^1], double.Epsilon));
        }
        Matrix rotation = new(dimensions, dimensions);
        int[] order = [.. dealt.SelectMany(d => d)];
        for (int i = 0; i < dimensions; i++)
        {
            directions.Rows.Row(order[i]).CopyTo(rotation.Row(i));
        }
        return rotation.Transposed();
    }
}

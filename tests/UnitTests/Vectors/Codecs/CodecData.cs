using Retrieval.Vectors;
using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.UnitTests.Vectors.Codecs;

/// <summary>Seeded vectors whose variance falls along hidden directions, around a mean, in clusters, as text vectors are.</summary>
internal static class CodecData
{
    public static float[] Vectors(int rows, int dimensions, int seed, bool unit = true)
    {
        Gaussian gaussian = new(seed), hidden = new(99);
        float[] rotation = Rotations.Random(dimensions, 98).ToSingles(), centres = new float[20 * dimensions], points = new float[rows * dimensions], turned = new float[points.Length];
        for (int i = 0; i < centres.Length; i++)
        {
            centres[i] = (float)(hidden.Next() / Math.Sqrt(1 + i % dimensions));
        }
        for (int i = 0; i < points.Length; i++)
        {
            int j = i % dimensions, cluster = i / dimensions % 20;
            points[i] = centres[cluster * dimensions + j] + (float)(0.7 * gaussian.Next() / Math.Sqrt(1 + j)) + (j == 0 ? 0.5f : 0);
        }
        PackedMatrix.Of(rotation, dimensions, dimensions).Multiply(points, rows, turned);
        for (int i = 0; unit && i < rows; i++)
        {
            Kernels.Normalize(turned.AsSpan(i * dimensions, dimensions));
        }
        return turned;
    }
}

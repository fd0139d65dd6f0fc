namespace Retrieval.Vectors.LinearAlgebra;

/// <summary>The mean of rows, and the orthogonal directions along which they vary most.</summary>
/// <param name="Mean">Of the rows.</param>
/// <param name="Rows">Row i is the unit direction i.</param>
/// <param name="Variances">Along each direction, largest first, never negative.</param>
public sealed record PrincipalDirections(double[] Mean, Matrix Rows, double[] Variances)
{
    /// <summary>Principal component analysis.</summary>
    public static PrincipalDirections Of(ReadOnlyMemory<float> rows, int dimensions, CancellationToken cancellationToken)
    {
        double[] mean = Moments.Mean(rows.Span, dimensions);
        int count = rows.Length / dimensions;
        Matrix covariance = Moments.Cross(rows, dimensions, rows, dimensions, cancellationToken);
        for (int i = 0; i < covariance.Values.Length; i++)
        {
            covariance.Values[i] = covariance.Values[i] / count - mean[i / dimensions] * mean[i % dimensions];
        }
        SymmetricEigen eigen = SymmetricEigen.Of(covariance, cancellationToken);
        return new PrincipalDirections(mean, eigen.Vectors, [.. eigen.Values.Select(v => Math.Max(v, 0))]);
    }
}

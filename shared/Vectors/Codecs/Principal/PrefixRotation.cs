using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Vectors.Codecs.Principal;

/// <summary>
/// Makes vectors of any model usable by prefix, as Matryoshka models train theirs to be: turned to the directions that carry most of the inner products
/// first, the first numbers of a vector are the best approximation of so few. The whole vector keeps all inner products.
/// </summary>
public sealed class PrefixRotation
{
    private readonly PackedMatrix _forth;

    private PrefixRotation(Matrix rows) => (Dimensions, _forth) = (rows.Rows, PackedMatrix.OfTransposed(rows.ToSingles(), rows.Rows, rows.Rows));

    /// <summary>Numbers in a vector, before and after.</summary>
    public int Dimensions { get; }

    /// <summary>The eigenvectors of the second moments: uncentred, since inner products are to be kept and not distances to a mean.</summary>
    /// <exception cref="ArgumentException">No vectors, or numbers that are not finite.</exception>
    public static PrefixRotation Train(CodecTraining training, CancellationToken cancellationToken)
    {
        if (VectorRows.Require(training.Sample.Span, training.Dimensions, "A rotation for prefixes") == 0)
        {
            throw new ArgumentException("A rotation for prefixes needs a sample; there are no vectors.", nameof(training));
        }
        Matrix moments = Moments.Cross(training.Sample, training.Dimensions, training.Sample, training.Dimensions, cancellationToken);
        PrefixRotation rotation = new(SymmetricEigen.Of(moments, cancellationToken).Vectors);
        training.Progress?.Report(1);
        return rotation;
    }

    /// <summary>Turns rows; the first numbers of each are its prefix.</summary>
    public float[] Turn(ReadOnlySpan<float> rows)
    {
        float[] turned = new float[rows.Length];
        _forth.Multiply(rows, VectorRows.Require(rows, Dimensions, "A rotation for prefixes"), turned);
        return turned;
    }

    /// <summary>The first numbers of each turned row, at unit length again; a prefix without length stays zero.</summary>
    public float[] Prefixes(ReadOnlySpan<float> turned, int length)
    {
        if (length < 1 || length > Dimensions)
        {
            throw new ArgumentException($"A prefix of {length} numbers cannot be taken of {Dimensions}.", nameof(length));
        }
        float[] prefixes = new float[turned.Length / Dimensions * length];
        for (int i = 0; i < turned.Length / Dimensions; i++)
        {
            Span<float> prefix = prefixes.AsSpan(i * length, length);
            turned.Slice(i * Dimensions, length).CopyTo(prefix);
            Kernels.Normalize(prefix);
        }
        return prefixes;
    }
}

using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Vectors.Codecs.Product;

/// <summary>
/// OPQ+: optimised product quantisation of the centred vectors, scored by the cosine with the decoded vector instead of by the inner product. Rotation and
/// centroids are kept as binary16, so that at equal total bytes more is left for codes. <c>repconc</c> is the same with balanced codebooks.
/// </summary>
public sealed class CosineProductCodec : DirectionCodec
{
    internal const string Name = "opq+", BalancedName = "repconc";
    private readonly CentredRotation _space;
    private readonly ProductQuantizer _quantizer;
    private readonly float[] _squares;

    private CosineProductCodec(string kind, CentredRotation space, ProductQuantizer quantizer, bool storesLength) : base(kind, space.Dimensions, quantizer.CodeBytes, storesLength)
    {
        (_space, _quantizer) = (space, quantizer);
        _squares = Squares(space, quantizer);
    }

    internal static CosineProductCodec Train(string kind, CodecTraining training, int parts, CancellationToken cancellationToken)
    {
        int[] sizes = ProductQuantizer.EqualParts(training.Dimensions, parts, kind);
        (CodecTraining directions, bool storesLength) = Directions(training);
        ReadOnlyMemory<float> rows = directions.Limited(RotationPlan.Short.MostRows);
        float[] mean = [.. Moments.Mean(rows.Span, training.Dimensions).Select(m => (float)m)], centred = rows.ToArray();
        for (int i = 0; i < centred.Length; i++)
        {
            centred[i] -= mean[i % training.Dimensions];
        }
        float[] rotation = OptimizedRotation.Train(centred, (sizes, 8), RotationPlan.Short, directions, cancellationToken);
        CentredRotation space = new(mean, Halves.Round(Matrix.Of(rotation, training.Dimensions, training.Dimensions).Transposed().ToSingles()));
        ReadOnlyMemory<float> rotated = space.Forth(rows.Span);
        ProductQuantizer quantizer = ProductQuantizer.Train(rotated, sizes, 8, new KMeansPlan(ProductQuantizer.Rounds, training.Seed), null, cancellationToken);
        quantizer = kind == BalancedName ? BalancedCodebooks.Train(quantizer, rotated, cancellationToken) : quantizer;
        training.Progress?.Report(1);
        return new CosineProductCodec(kind, space, quantizer.Rounded(), storesLength);
    }

    internal static CosineProductCodec Read(string kind, BinaryReader reader) => new(kind, CentredRotation.Read(reader), ProductQuantizer.Read(reader), reader.ReadBoolean());

    /// <inheritdoc/>
    protected override void EncodeDirections(ReadOnlySpan<float> units, int rows, Span<byte> codes)
    {
        float[] rotated = _space.Forth(units);
        int bytes = _quantizer.CodeBytes;
        for (int i = 0; i < rows; i++)
        {
            _quantizer.Encode(rotated.AsSpan(i * Dimensions, Dimensions), codes.Slice(i * bytes, bytes));
        }
    }

    /// <inheritdoc/>
    protected override void DecodeDirection(ReadOnlySpan<byte> code, Span<float> vector)
    {
        float[] rotated = new float[Dimensions];
        _quantizer.Decode(code, rotated);
        _space.Back(rotated, vector);
    }

    /// <inheritdoc/>
    protected override CodeQuery PrepareDirection(ReadOnlySpan<float> query) =>
        new CosineQuery(_quantizer.DotTables(_space.Turn(query)), _squares, Kernels.Dot(query, _space.Mean), Kernels.Dot(_space.Mean, _space.Mean));

    internal override void WriteBody(BinaryWriter writer)
    {
        _space.Write(writer);
        _quantizer.Write(writer, half: true);
        writer.Write(StoresLength);
    }

    /// <summary>Of |mean + R'c|² what a part adds: |c|² + 2 mean'R'c.</summary>
    private static float[] Squares(CentredRotation space, ProductQuantizer quantizer)
    {
        float[] squares = quantizer.DotTables(space.Turn(space.Mean));
        for (int i = 0; i < squares.Length; i++)
        {
            int m = i / quantizer.Centroids;
            squares[i] = 2 * squares[i] + quantizer[m].Distance(new float[quantizer[m].Dimensions], i % quantizer.Centroids);
        }
        return squares;
    }
}

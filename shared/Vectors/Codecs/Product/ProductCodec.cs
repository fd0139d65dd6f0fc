using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Vectors.Codecs.Product;

/// <summary>
/// PQ and OPQ with the semantics of FAISS: nearest centroid by Euclidean distance in each of M parts of 256 centroids, after a rotation for OPQ; scores are
/// sums of M table entries. OPQ's rotation is searched from the parametric start, in a fifth of FAISS's iterations. <c>pq4</c> and <c>opq4</c> have two parts of 16 centroids a byte, for <see cref="Search.PackedCodes"/>.
/// </summary>
public sealed class ProductCodec : Codec, INibbleTables
{
    internal const string PqName = "pq", OpqName = "opq", Pq4Name = "pq4", Opq4Name = "opq4";
    private readonly ProductQuantizer _quantizer;
    private readonly float[]? _rotation;
    private readonly PackedMatrix? _forth, _back;

    private ProductCodec(string kind, ProductQuantizer quantizer, float[]? rotation) : base(kind, quantizer.Dimensions, quantizer.CodeBytes)
    {
        (_quantizer, _rotation) = (quantizer, rotation);
        _forth = rotation is null ? null : PackedMatrix.Of(rotation, Dimensions, Dimensions);
        _back = rotation is null ? null : PackedMatrix.OfTransposed(rotation, Dimensions, Dimensions);
    }

    internal ProductQuantizer Quantizer => _quantizer;

    internal static ProductCodec TrainPq(string kind, CodecTraining training, int bytes, CancellationToken cancellationToken)
    {
        int bits = Bits(kind);
        int[] sizes = ProductQuantizer.EqualParts(training.Dimensions, bytes * 8 / bits, kind);
        return new ProductCodec(kind, TrainQuantizer(training, training.Limited(KMeans.MostPoints << bits), sizes, bits, cancellationToken), null);
    }

    internal static ProductCodec TrainOpq(string kind, CodecTraining training, int bytes, CancellationToken cancellationToken)
    {
        int bits = Bits(kind);
        int[] sizes = ProductQuantizer.EqualParts(training.Dimensions, bytes * 8 / bits, kind);
        // The rotation needs fewer rows than the codebooks, which see what FAISS lets a codebook of 256 centroids see.
        float[] rotation = OptimizedRotation.Train(training.Limited(RotationPlan.Short.MostRows), (sizes, bits), RotationPlan.Short, training, cancellationToken);
        ReadOnlyMemory<float> rows = training.Limited(KMeans.MostPoints << 8);
        float[] rotated = new float[rows.Length];
        PackedMatrix.Of(rotation, training.Dimensions, training.Dimensions).Multiply(rows, rows.Length / training.Dimensions, rotated, cancellationToken);
        return new ProductCodec(kind, TrainQuantizer(training, rotated, sizes, bits, cancellationToken), rotation);
    }

    internal static ProductCodec Read(string kind, BinaryReader reader)
    {
        ProductQuantizer quantizer = ProductQuantizer.Read(reader);
        float[]? rotation = kind is OpqName or Opq4Name ? reader.ReadSingles() : null;
        return new ProductCodec(kind, quantizer, rotation);
    }

    /// <summary>Squared distance of a query to what a code stands for, by tables of squared distances.</summary>
    public float SquaredDistance(ReadOnlySpan<float> query, ReadOnlySpan<byte> code) => _quantizer.Sum(_quantizer.DistanceTables(Rotated(query, 1)), code);

    /// <inheritdoc/>
    protected override void EncodeRows(ReadOnlySpan<float> vectors, int rows, Span<byte> codes, int firstRow)
    {
        ReadOnlySpan<float> rotated = Rotated(vectors, rows);
        for (int i = 0; i < rows; i++)
        {
            _quantizer.Encode(rotated.Slice(i * Dimensions, Dimensions), codes.Slice(i * CodeBytes, CodeBytes));
        }
    }

    /// <inheritdoc/>
    protected override void DecodeRow(ReadOnlySpan<byte> code, Span<float> vector)
    {
        float[] rotated = new float[Dimensions];
        _quantizer.Decode(code, rotated);
        if (_back is null)
        {
            rotated.CopyTo(vector);
            return;
        }
        _back.Multiply(rotated, 1, vector);
    }

    /// <inheritdoc/>
    protected override CodeQuery Prepare(ReadOnlySpan<float> query) => new TableQuery(_quantizer, _quantizer.DotTables(Rotated(query, 1)));

    /// <inheritdoc/>
    int INibbleTables.Cells => _quantizer.Bits == 4 ? 2 * CodeBytes : 0;

    /// <inheritdoc/>
    NibbleTables INibbleTables.Tables(ReadOnlySpan<float> query)
    {
        // An odd number of parts leaves the last half byte at zero.
        float[] tables = new float[2 * CodeBytes * 16];
        _quantizer.DotTables(Rotated(query, 1)).CopyTo(tables, 0);
        return new NibbleTables(tables, 0);
    }

    /// <inheritdoc/>
    float INibbleTables.Factor(ReadOnlySpan<byte> code) => 1;

    internal override void WriteBody(BinaryWriter writer)
    {
        _quantizer.Write(writer, half: false);
        if (_rotation is not null)
        {
            writer.WriteSingles(_rotation);
        }
    }

    private static int Bits(string kind) => kind is Pq4Name or Opq4Name ? 4 : 8;

    private ReadOnlySpan<float> Rotated(ReadOnlySpan<float> vectors, int rows)
    {
        if (_forth is null)
        {
            return vectors;
        }
        float[] rotated = new float[vectors.Length];
        _forth.Multiply(vectors, rows, rotated);
        return rotated;
    }

    private static ProductQuantizer TrainQuantizer(CodecTraining training, ReadOnlyMemory<float> rows, int[] sizes, int bits, CancellationToken cancellationToken)
    {
        ProductQuantizer quantizer = ProductQuantizer.Train(rows, sizes, bits, new KMeansPlan(ProductQuantizer.Rounds, training.Seed), null, cancellationToken);
        training.Progress?.Report(1);
        return quantizer;
    }
}

/// <summary>Scores by table.</summary>
internal sealed class TableQuery(ProductQuantizer quantizer, float[] tables) : CodeQuery(quantizer.CodeBytes)
{
    public override float Score(ReadOnlySpan<byte> code) => quantizer.Sum(tables, code);
}

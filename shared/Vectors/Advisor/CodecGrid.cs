using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Codecs.Binary;
using Retrieval.Vectors.Codecs.Principal;
using Retrieval.Vectors.Codecs.Product;
using Retrieval.Vectors.Codecs.Qdrant;
using Retrieval.Vectors.Codecs.RaBitQ;

namespace Retrieval.Vectors.Advisor;

/// <summary>Which codecs are measured when none is named: every kind, those with a choice at about half a bit, 1, 2 and 4 bits a dimension.</summary>
public static class CodecGrid
{
    private static readonly int[] DimensionsAByte = [16, 8, 4, 2];

    // RaBitQ keeps two factors of binary16 beside a vector's bits.
    private const int RabitqFactors = 4;

    /// <summary>Codecs that fit the dimensions.</summary>
    public static IReadOnlyList<CodecSpec> Of(int dimensions) =>
    [
        .. CodecKind.All.Where(k => !k.IsSized).Select(k => new CodecSpec(k.Name, 0)),
        .. CodecKind.All.Where(k => k.IsSized).SelectMany(k => DimensionsAByte.Select(d => Fitting(k.Name, dimensions, Math.Max(1, dimensions / d))).Where(b => b > 0).Distinct().Select(b => new CodecSpec(k.Name, b))),
    ];

    /// <summary>The most bytes, up to those wanted, that the kind can take at these dimensions; 0 when there are none.</summary>
    private static int Fitting(string kind, int dimensions, int bytes) => kind switch
    {
        ProductCodec.Pq4Name or ProductCodec.Opq4Name => Down(bytes, b => dimensions % (2 * b) == 0),
        PrincipalCodec.NibbleName => Math.Min(bytes, dimensions / 2),
        BinaryCodec.ItqName => bytes <= dimensions / 8 ? bytes : 0,
        RabitqCodec.Name => bytes >= (dimensions + 7) / 8 ? Math.Min(bytes, dimensions) + RabitqFactors : 0,
        QdrantProductCodec.Name => Down(bytes, b => (dimensions + (dimensions + b - 1) / b - 1) / ((dimensions + b - 1) / b) == b),
        PrincipalCodec.Name => bytes,
        _ => Down(bytes, b => dimensions % b == 0),
    };

    private static int Down(int from, Func<int, bool> fits) => Enumerable.Range(0, from).Select(i => from - i).FirstOrDefault(fits);
}

using Retrieval.Vectors.Codecs.Binary;
using Retrieval.Vectors.Codecs.Plain;
using Retrieval.Vectors.Codecs.Principal;
using Retrieval.Vectors.Codecs.Product;
using Retrieval.Vectors.Codecs.Qdrant;
using Retrieval.Vectors.Codecs.RaBitQ;

namespace Retrieval.Vectors.Codecs;

/// <summary>Trains a codec of some bytes a code.</summary>
internal delegate Codec CodecTrainer(CodecTraining training, int bytes, CancellationToken cancellationToken);

/// <summary>A family of codecs, and everything that is known of it: the one list of them.</summary>
public sealed class CodecKind
{
    private CodecKind(string name, string about, bool isSized, CodecTrainer train, Func<BinaryReader, Codec> read) =>
        (Name, About, IsSized, Train, Read) = (name, about, isSized, train, read);

    /// <summary>All, in the order in which they are shown.</summary>
    public static IReadOnlyList<CodecKind> All { get; } =
    [
        new(Float32Codec.Name, "The numbers as they are.", false, (t, _, _) => new Float32Codec(t.Dimensions), Float32Codec.Read),
        new(Float16Codec.Name, "Each number rounded to 16 bits.", false, (t, _, _) => new Float16Codec(t.Dimensions), Float16Codec.Read),
        new(Int8Codec.Name, "Each number as one byte between its dimension's least and greatest.", false, (t, _, _) => Int8Codec.Train(t), Int8Codec.Read),
        new(BinaryCodec.SignName, "One bit a dimension: the sign of the number.", false, (t, _, _) => BinaryCodec.TrainSign(t), r => BinaryCodec.Read(BinaryCodec.SignName, r)),
        new(QdrantScalarCodec.Name, "Qdrant's scalar quantization.", false, (t, _, _) => QdrantScalarCodec.Train(t), QdrantScalarCodec.Read),
        new(QdrantBinaryCodec.Name, "Qdrant's binary quantization.", false, (t, _, _) => new QdrantBinaryCodec(t.Dimensions), QdrantBinaryCodec.Read),
        Product(ProductCodec.PqName, "Product quantization: the nearest of 256 centroids for each part of the vector.", ProductCodec.TrainPq),
        Product(ProductCodec.OpqName, "Product quantization after a learned rotation.", ProductCodec.TrainOpq),
        Product(ProductCodec.Pq4Name, "Product quantization with 16 centroids for each part, for scans with tables in registers.", ProductCodec.TrainPq),
        Product(ProductCodec.Opq4Name, "Product quantization with 16 centroids for each part after a learned rotation.", ProductCodec.TrainOpq),
        Cosine(CosineProductCodec.Name, "Product quantization of centred and rotated directions, scored by cosine."),
        Cosine(CosineProductCodec.BalancedName, "Product quantization of centred and rotated directions whose centroids are used equally often."),
        Principal(PrincipalCodec.Name, "Principal directions, each with bits by its share of the variance."),
        Principal(PrincipalCodec.NibbleName, "Principal directions, each with bits by its share of the variance and inside half a byte, for scans with tables in registers."),
        new(RabitqCodec.Name, "Rotated directions on a grid of few bits (RaBitQ), with bounds of the error.", true, RabitqCodec.Train, RabitqCodec.Read),
        new(BinaryCodec.ItqName, "Bits: the signs after a learned rotation (iterative quantization).", true, BinaryCodec.TrainItq, r => BinaryCodec.Read(BinaryCodec.ItqName, r)),
        new(QdrantProductCodec.Name, "Qdrant's product quantization.", true, QdrantProductCodec.Train, QdrantProductCodec.Read),
    ];

    /// <summary>As in <see cref="CodecSpec"/> and in serialised codecs.</summary>
    public string Name { get; }

    /// <summary>What it is, in a sentence for a person.</summary>
    public string About { get; }

    /// <summary>Whether the bytes of a code are to be chosen.</summary>
    public bool IsSized { get; }

    /// <summary>Makes one of a sample.</summary>
    internal CodecTrainer Train { get; }

    /// <summary>Reads the body of a serialised one.</summary>
    internal Func<BinaryReader, Codec> Read { get; }

    /// <summary>By name; null when there is none.</summary>
    public static CodecKind? Find(string name) => All.FirstOrDefault(k => k.Name == name);

    private static CodecKind Product(string name, string about, Func<string, CodecTraining, int, CancellationToken, Codec> train) =>
        new(name, about, true, (t, bytes, cancel) => train(name, t, bytes, cancel), r => ProductCodec.Read(name, r));

    private static CodecKind Cosine(string name, string about) =>
        new(name, about, true, (t, bytes, cancel) => CosineProductCodec.Train(name, t, bytes, cancel), r => CosineProductCodec.Read(name, r));

    private static CodecKind Principal(string name, string about) =>
        new(name, about, true, (t, bytes, cancel) => PrincipalCodec.Train(name, t, bytes, cancel), r => PrincipalCodec.Read(name, r));
}

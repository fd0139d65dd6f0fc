using System.Globalization;
using Retrieval.Vectors.Codecs.Binary;
using Retrieval.Vectors.Codecs.Plain;
using Retrieval.Vectors.Codecs.Principal;
using Retrieval.Vectors.Codecs.Product;
using Retrieval.Vectors.Codecs.Qdrant;
using Retrieval.Vectors.Codecs.RaBitQ;

namespace Retrieval.Vectors.Codecs;

/// <summary>
/// Which codec to train, written <c>kind</c> where the kind fixes the bytes of a code (<c>int8</c>), or <c>kind:bytes</c> (<c>pca:48</c>).
/// </summary>
/// <param name="Kind">Name of the family.</param>
/// <param name="Bytes">Bytes of a code, for families that have the choice; otherwise 0.</param>
public sealed record CodecSpec(string Kind, int Bytes)
{
    private delegate Codec Trainer(CodecTraining training, int bytes, CancellationToken cancellationToken);

    private static readonly Dictionary<string, Trainer> Fixed = new()
    {
        [Float32Codec.Name] = (t, _, _) => new Float32Codec(t.Dimensions),
        [Float16Codec.Name] = (t, _, _) => new Float16Codec(t.Dimensions),
        [Int8Codec.Name] = (t, _, _) => Int8Codec.Train(t),
        [BinaryCodec.SignName] = (t, _, _) => BinaryCodec.TrainSign(t),
        [QdrantScalarCodec.Name] = (t, _, _) => QdrantScalarCodec.Train(t),
        [QdrantBinaryCodec.Name] = (t, _, _) => new QdrantBinaryCodec(t.Dimensions),
    };

    private static readonly Dictionary<string, Trainer> Sized = new()
    {
        [ProductCodec.PqName] = (t, bytes, cancel) => ProductCodec.TrainPq(ProductCodec.PqName, t, bytes, cancel),
        [ProductCodec.OpqName] = (t, bytes, cancel) => ProductCodec.TrainOpq(ProductCodec.OpqName, t, bytes, cancel),
        [ProductCodec.Pq4Name] = (t, bytes, cancel) => ProductCodec.TrainPq(ProductCodec.Pq4Name, t, bytes, cancel),
        [ProductCodec.Opq4Name] = (t, bytes, cancel) => ProductCodec.TrainOpq(ProductCodec.Opq4Name, t, bytes, cancel),
        [CosineProductCodec.Name] = (t, bytes, cancel) => CosineProductCodec.Train(CosineProductCodec.Name, t, bytes, cancel),
        [CosineProductCodec.BalancedName] = (t, bytes, cancel) => CosineProductCodec.Train(CosineProductCodec.BalancedName, t, bytes, cancel),
        [PrincipalCodec.Name] = (t, bytes, cancel) => PrincipalCodec.Train(PrincipalCodec.Name, t, bytes, cancel),
        [PrincipalCodec.NibbleName] = (t, bytes, cancel) => PrincipalCodec.Train(PrincipalCodec.NibbleName, t, bytes, cancel),
        [RabitqCodec.Name] = RabitqCodec.Train,
        [BinaryCodec.ItqName] = BinaryCodec.TrainItq,
        [QdrantProductCodec.Name] = QdrantProductCodec.Train,
    };

    /// <summary>Kinds that can be trained; those of <see cref="SizedKinds"/> need a number of bytes.</summary>
    public static IReadOnlyCollection<string> Kinds => [.. Fixed.Keys, .. Sized.Keys];

    /// <summary>Kinds with a choice of bytes.</summary>
    public static IReadOnlyCollection<string> SizedKinds => Sized.Keys;

    /// <summary>Reads <c>kind</c> or <c>kind:bytes</c>.</summary>
    /// <exception cref="ArgumentException">Unknown kind, or bytes missing, superfluous or not a number.</exception>
    public static CodecSpec Parse(string text)
    {
        string[] parts = text.Split(':');
        int bytes = 0;
        bool whole = parts.Length == 1 || (parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out bytes) && bytes > 0);
        return whole && (parts.Length == 1 ? Fixed : Sized).ContainsKey(parts[0]) ? new CodecSpec(parts[0], bytes) : throw Unknown(text);
    }

    /// <summary>Trains the codec; the same sample and seed give the same codec, whatever the machine and its cores.</summary>
    /// <exception cref="ArgumentException">An empty sample, other dimensions, numbers that are not finite, bytes that do not fit the dimensions.</exception>
    public Codec Train(CodecTraining training, CancellationToken cancellationToken)
    {
        if (VectorRows.Require(training.Sample.Span, training.Dimensions, $"Training codec {this}") == 0)
        {
            throw new ArgumentException($"Training codec {this} needs a sample; there are no vectors. Add documents first.", nameof(training));
        }
        Trainer trainer = (Bytes == 0 ? Fixed : Sized).GetValueOrDefault(Kind) ?? throw Unknown(ToString());
        return trainer(training, Bytes, cancellationToken);
    }

    /// <summary>As it is parsed.</summary>
    public override string ToString() => Bytes == 0 ? Kind : $"{Kind}:{Bytes}";

    private static ArgumentException Unknown(string text) =>
        new($"Codec \"{text}\" is not known. Take one of {string.Join(", ", Fixed.Keys)}, or {string.Join(", ", Sized.Keys)} with a colon and the bytes of a code, such as pca:48.");
}

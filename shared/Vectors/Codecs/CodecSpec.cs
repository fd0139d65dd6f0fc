using System.Globalization;

namespace Retrieval.Vectors.Codecs;

/// <summary>
/// Which codec to train, written <c>kind</c> where the kind fixes the bytes of a code (<c>int8</c>), or <c>kind:bytes</c> (<c>pca:48</c>).
/// </summary>
/// <param name="Kind">Name of the family.</param>
/// <param name="Bytes">Bytes of a code, for families that have the choice; otherwise 0.</param>
public sealed record CodecSpec(string Kind, int Bytes)
{
    /// <summary>Kinds that can be trained; those of <see cref="SizedKinds"/> need a number of bytes.</summary>
    public static IReadOnlyCollection<string> Kinds => [.. CodecKind.All.Select(k => k.Name)];

    /// <summary>Kinds with a choice of bytes.</summary>
    public static IReadOnlyCollection<string> SizedKinds => [.. CodecKind.All.Where(k => k.IsSized).Select(k => k.Name)];

    /// <summary>Reads <c>kind</c> or <c>kind:bytes</c>.</summary>
    /// <exception cref="ArgumentException">Unknown kind, or bytes missing, superfluous or not a number.</exception>
    public static CodecSpec Parse(string text)
    {
        string[] parts = text.Split(':');
        int bytes = 0;
        bool whole = parts.Length == 1 || (parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out bytes) && bytes > 0);
        return whole && CodecKind.Find(parts[0]) is { } kind && kind.IsSized == parts.Length > 1 ? new CodecSpec(parts[0], bytes) : throw Unknown(text);
    }

    /// <summary>Trains the codec; the same sample and seed give the same codec, whatever the machine and its cores.</summary>
    /// <exception cref="ArgumentException">An empty sample, other dimensions, numbers that are not finite, bytes that do not fit the dimensions.</exception>
    public Codec Train(CodecTraining training, CancellationToken cancellationToken)
    {
        if (VectorRows.Require(training.Sample.Span, training.Dimensions, $"Training codec {this}") == 0)
        {
            throw new ArgumentException($"Training codec {this} needs a sample; there are no vectors. Add documents first.", nameof(training));
        }
        return CodecKind.Find(Kind) is { } kind && kind.IsSized == Bytes > 0 ? kind.Train(training, Bytes, cancellationToken) : throw Unknown(ToString());
    }

    /// <summary>As it is parsed.</summary>
    public override string ToString() => Bytes == 0 ? Kind : $"{Kind}:{Bytes}";

    private static ArgumentException Unknown(string text) =>
        new($"Codec \"{text}\" is not known. Take one of {string.Join(", ", Kinds.Except(SizedKinds))}, or {string.Join(", ", SizedKinds)} with a colon and the bytes of a code, such as pca:48.");
}

namespace Retrieval.Vectors.Codecs;

/// <summary>
/// How vectors become codes of a fixed number of bytes, and how a float32 query is scored against them. Immutable: trained once from a sample, it codes
/// vectors added later the same way. Scores estimate the inner product: larger is nearer.
/// </summary>
public abstract class Codec(string kind, int dimensions, int codeBytes)
{
    // Rows that one core takes at a time: enough for blocked products, small beside its cache.
    private const int Block = 256;

    /// <summary>Name of the family, as in <see cref="CodecSpec"/> and in serialised codecs.</summary>
    public string Kind { get; } = kind;

    /// <summary>Numbers in a vector.</summary>
    public int Dimensions { get; } = dimensions;

    /// <summary>Bytes of one vector's code.</summary>
    public int CodeBytes { get; } = codeBytes;

    /// <summary>Bytes that all vectors share: codebooks, rotations, ranges, as serialised.</summary>
    public long SharedBytes => ToBytes().LongLength;

    /// <summary>Codes rows, one after another.</summary>
    /// <param name="vectors">Rows x dimensions.</param>
    /// <param name="codes">Rows x <see cref="CodeBytes"/>.</param>
    /// <exception cref="ArgumentException">Lengths that do not fit, a number that is not finite, a vector that this codec cannot code: the message names the row.</exception>
    public void Encode(ReadOnlySpan<float> vectors, Span<byte> codes)
    {
        int rows = VectorRows.Require(vectors, Dimensions, $"Codec {Kind}");
        RequireCodes(codes.Length, rows);
        for (int first = 0; first < rows; first += Block)
        {
            int count = Math.Min(Block, rows - first);
            EncodeBlock(vectors, codes, first, count);
        }
    }

    /// <summary>The same on several cores.</summary>
    public void Encode(ReadOnlyMemory<float> vectors, Memory<byte> codes, CancellationToken cancellationToken)
    {
        int rows = VectorRows.Require(vectors.Span, Dimensions, $"Codec {Kind}");
        RequireCodes(codes.Length, rows);
        try
        {
            Parallel.For(0, (rows + Block - 1) / Block, new ParallelOptions { CancellationToken = cancellationToken },
                block => EncodeBlock(vectors.Span, codes.Span, block * Block, Math.Min(Block, rows - block * Block)));
        }
        catch (AggregateException several) when (several.InnerException is ArgumentException first)
        {
            throw new ArgumentException(first.Message, first);
        }
    }

    /// <summary>What the codes stand for.</summary>
    public void Decode(ReadOnlySpan<byte> codes, Span<float> vectors)
    {
        int rows = vectors.Length / Math.Max(1, Dimensions);
        RequireCodes(codes.Length, rows);
        for (int i = 0; i < rows; i++)
        {
            DecodeRow(codes.Slice(i * CodeBytes, CodeBytes), vectors.Slice(i * Dimensions, Dimensions));
        }
    }

    /// <summary>Makes a query ready: what can be computed once for all codes.</summary>
    public CodeQuery Query(ReadOnlySpan<float> query) => Prepare(Checked(query));

    /// <summary>The same, with the query rounded too where that makes scores much faster: for candidates that are scored again by their vectors.</summary>
    public CodeQuery QuickQuery(ReadOnlySpan<float> query) => PrepareQuick(Checked(query));

    private ReadOnlySpan<float> Checked(ReadOnlySpan<float> query)
    {
        if (VectorRows.Require(query, Dimensions, $"Codec {Kind}") != 1)
        {
            throw new ArgumentException($"Codec {Kind} takes one query of {Dimensions} dimensions at a time; {query.Length} numbers were given.", nameof(query));
        }
        return query;
    }

    /// <summary>Serialised: format version, kind, body, checksum.</summary>
    public byte[] ToBytes() => CodecFormat.Write(this);

    /// <summary>Reads what <see cref="ToBytes"/> wrote, in this version or an older one.</summary>
    /// <exception cref="CodecFormatException">Damaged, of a newer version or of an unknown kind.</exception>
    public static Codec Read(ReadOnlySpan<byte> bytes) => CodecFormat.Read(bytes);

    /// <summary>Codes checked rows; <paramref name="firstRow"/> is for messages.</summary>
    protected abstract void EncodeRows(ReadOnlySpan<float> vectors, int rows, Span<byte> codes, int firstRow);

    /// <summary>Decodes one code.</summary>
    protected abstract void DecodeRow(ReadOnlySpan<byte> code, Span<float> vector);

    /// <summary>Makes a checked query ready.</summary>
    protected abstract CodeQuery Prepare(ReadOnlySpan<float> query);

    /// <summary>Makes a checked query ready for scores that need not be the best estimate.</summary>
    protected virtual CodeQuery PrepareQuick(ReadOnlySpan<float> query) => Prepare(query);

    /// <summary>Writes what the constructor needs.</summary>
    internal abstract void WriteBody(BinaryWriter writer);

    private void EncodeBlock(ReadOnlySpan<float> vectors, Span<byte> codes, int first, int count) =>
        EncodeRows(vectors.Slice(first * Dimensions, count * Dimensions), count, codes.Slice(first * CodeBytes, count * CodeBytes), first);

    private void RequireCodes(int bytes, int rows)
    {
        if (bytes != (long)rows * CodeBytes)
        {
            throw new ArgumentException($"{rows} codes of {CodeBytes} bytes are {(long)rows * CodeBytes} bytes; {bytes} were given.");
        }
    }
}

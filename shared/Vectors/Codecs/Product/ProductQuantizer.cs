namespace Retrieval.Vectors.Codecs.Product;

/// <summary>
/// Product quantiser (Jégou et al. 2011): the dimensions are cut into parts, each coded as the number of its nearest centroid. Codes of 8 bits are one byte
/// a part; codes of 4 bits are two parts a byte, the even part in the low half.
/// </summary>
internal sealed class ProductQuantizer
{
    /// <summary>Rounds of k-means in FAISS.</summary>
    public const int Rounds = 25;

    private readonly SubCodebook[] _books;
    private readonly int[] _starts;

    /// <summary>Takes the codebooks in the order of the dimensions.</summary>
    public ProductQuantizer(SubCodebook[] books, int bits)
    {
        (_books, Bits, _starts) = (books, bits, new int[books.Length + 1]);
        for (int m = 0; m < books.Length; m++)
        {
            _starts[m + 1] = _starts[m] + books[m].Dimensions;
        }
    }

    /// <summary>Number of parts.</summary>
    public int Parts => _books.Length;

    /// <summary>Bits of a part's code: 4 or 8.</summary>
    public int Bits { get; }

    /// <summary>Centroids of a part.</summary>
    public int Centroids => 1 << Bits;

    /// <summary>Numbers in a vector.</summary>
    public int Dimensions => _starts[^1];

    /// <summary>Bytes of a code.</summary>
    public int CodeBytes => (Parts * Bits + 7) / 8;

    /// <summary>The codebook of a part.</summary>
    public SubCodebook this[int part] => _books[part];

    /// <summary>Where the parts begin, and the end.</summary>
    public ReadOnlySpan<int> Starts => _starts;

    /// <summary>Parts of equal size.</summary>
    /// <exception cref="ArgumentException">The parts do not divide the dimensions.</exception>
    public static int[] EqualParts(int dimensions, int parts, string kind) => parts > 0 && dimensions % parts == 0
        ? [.. Enumerable.Repeat(dimensions / parts, parts)]
        : throw new ArgumentException($"Codec {kind} cuts vectors into equal parts: {dimensions} dimensions cannot be cut into {parts}. Take a divisor of {dimensions}.");

    /// <summary>Trains every part by k-means; <paramref name="from"/> gives the centroids to start from.</summary>
    public static ProductQuantizer Train(ReadOnlyMemory<float> rows, int[] sizes, int bits, KMeansPlan plan, ProductQuantizer? from, CancellationToken cancellationToken)
    {
        int[] starts = [0, .. sizes.Select((_, m) => sizes[..(m + 1)].Sum())];
        SubCodebook[] books = new SubCodebook[sizes.Length];
        Parallel.For(0, sizes.Length, new ParallelOptions { CancellationToken = cancellationToken }, m =>
        {
            float[] part = Columns(rows.Span, starts[^1], starts[m], sizes[m]);
            KMeansPlan own = plan with { Seed = plan.Seed + m, Start = from?[m].ToRows() };
            books[m] = new SubCodebook(KMeans.Train(part, sizes[m], 1 << bits, own, cancellationToken), sizes[m]);
        });
        return new ProductQuantizer(books, bits);
    }

    /// <summary>Codes one row.</summary>
    public void Encode(ReadOnlySpan<float> row, Span<byte> code)
    {
        code.Clear();
        for (int m = 0; m < Parts; m++)
        {
            Set(code, m, _books[m].Nearest(row[_starts[m].._starts[m + 1]]).Centroid);
        }
    }

    /// <summary>The centroid of a part in a code.</summary>
    public int Get(ReadOnlySpan<byte> code, int part) => Bits == 8 ? code[part] : code[part / 2] >> 4 * (part % 2) & 15;

    /// <summary>Writes the centroid of a part into a cleared code.</summary>
    public void Set(Span<byte> code, int part, int centroid)
    {
        if (Bits == 8)
        {
            code[part] = (byte)centroid;
        }
        else
        {
            code[part / 2] |= (byte)(centroid << 4 * (part % 2));
        }
    }

    /// <summary>The centroids of a code.</summary>
    public void Decode(ReadOnlySpan<byte> code, Span<float> row)
    {
        for (int m = 0; m < Parts; m++)
        {
            int centroid = Get(code, m);
            for (int j = 0; j < _books[m].Dimensions; j++)
            {
                row[_starts[m] + j] = _books[m][centroid, j];
            }
        }
    }

    /// <summary>Parts x centroids: the inner products of a query's parts (asymmetric distance computation).</summary>
    public float[] DotTables(ReadOnlySpan<float> query)
    {
        float[] tables = new float[Parts * Centroids];
        for (int m = 0; m < Parts; m++)
        {
            _books[m].Dots(query[_starts[m].._starts[m + 1]], tables.AsSpan(m * Centroids, Centroids));
        }
        return tables;
    }

    /// <summary>Parts x centroids: the squared distances of a query's parts.</summary>
    public float[] DistanceTables(ReadOnlySpan<float> query)
    {
        float[] tables = new float[Parts * Centroids];
        for (int i = 0; i < tables.Length; i++)
        {
            int m = i / Centroids;
            tables[i] = _books[m].Distance(query[_starts[m].._starts[m + 1]], i % Centroids);
        }
        return tables;
    }

    /// <summary>The sum of a code's entries in tables of parts x centroids.</summary>
    public float Sum(float[] tables, ReadOnlySpan<byte> code)
    {
        float even = 0, odd = 0;
        int m = 0;
        for (; m + 2 <= Parts; m += 2)
        {
            even += tables[m * Centroids + Get(code, m)];
            odd += tables[(m + 1) * Centroids + Get(code, m + 1)];
        }
        return m < Parts ? even + odd + tables[m * Centroids + Get(code, m)] : even + odd;
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static ProductQuantizer Read(BinaryReader reader)
    {
        int bits = reader.ReadByte();
        int[] dimensions = [.. reader.ReadByteArray().Select(d => (int)d)];
        float[] centroids = reader.ReadBoolean() ? reader.ReadHalves() : reader.ReadSingles();
        if (bits is not (4 or 8) || dimensions.Any(d => d == 0) || centroids.Length != dimensions.Sum() << bits)
        {
            throw new CodecFormatException($"{centroids.Length} numbers are not the codebooks of {dimensions.Length} parts of {bits} bits.");
        }
        SubCodebook[] books = new SubCodebook[dimensions.Length];
        for (int m = 0, at = 0; m < books.Length; at += dimensions[m] << bits, m++)
        {
            books[m] = new SubCodebook(centroids.AsSpan(at, dimensions[m] << bits), dimensions[m]);
        }
        return new ProductQuantizer(books, bits);
    }

    /// <summary>Writes bits, sizes and centroids; as binary16 when they were rounded to it.</summary>
    public void Write(BinaryWriter writer, bool half)
    {
        writer.Write((byte)Bits);
        writer.WriteBytes([.. _books.Select(b => (byte)b.Dimensions)]);
        writer.Write(half);
        float[] centroids = [.. _books.SelectMany(b => b.ToRows())];
        if (half)
        {
            writer.WriteHalves(centroids);
        }
        else
        {
            writer.WriteSingles(centroids);
        }
    }

    /// <summary>The same with centroids rounded to binary16: half the bytes that all vectors share, for an error far below that of the codes.</summary>
    public ProductQuantizer Rounded() => new([.. _books.Select(b => new SubCodebook(Halves.Round(b.ToRows()), b.Dimensions))], Bits);

    internal static float[] Columns(ReadOnlySpan<float> rows, int stride, int first, int count)
    {
        float[] columns = new float[rows.Length / stride * count];
        for (int i = 0; i < rows.Length / stride; i++)
        {
            rows.Slice(i * stride + first, count).CopyTo(columns.AsSpan(i * count));
        }
        return columns;
    }
}

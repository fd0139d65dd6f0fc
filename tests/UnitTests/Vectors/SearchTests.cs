using Retrieval.UnitTests.Vectors.Codecs;
using Retrieval.Vectors;
using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Codecs.RaBitQ;
using Retrieval.Vectors.Search;

namespace Retrieval.UnitTests.Vectors;

public sealed class SearchTests
{
    private const int Dimensions = 64, Rows = 1000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Sums_by_shuffle_are_those_of_the_scalar_twin_at_every_width(int seed)
    {
        Random random = new(seed);
        foreach (int cells in new[] { 0, 4, 8, 60, 96, 256 })
        {
            byte[] block = new byte[16 * cells], tables = new byte[16 * cells];
            random.NextBytes(block);
            random.NextBytes(tables);
            ushort[] expected = new ushort[32], found = new ushort[32];
            NibbleKernel.SumScalar(block, tables, expected);
            NibbleKernel.Sum(block, tables, found);
            found.ShouldBe(expected, $"{cells} cells, seed {seed}");
            NibbleKernel.Sum128(block, tables, found);
            found.ShouldBe(expected, $"{cells} cells, seed {seed}");
            if (System.Runtime.Intrinsics.X86.Avx2.IsSupported)
            {
                NibbleKernel.Sum256(block, tables, found);
                found.ShouldBe(expected, $"{cells} cells, seed {seed}");
            }
        }
    }

    [Theory]
    [InlineData("pca4:16", true)]
    [InlineData("pca4:16", false)]
    [InlineData("pca4:7", true)]
    [InlineData("pq4:8", true)]
    [InlineData("pq4:8", false)]
    public void A_packed_scan_finds_what_the_codec_scores_within_the_rounding_of_its_tables(string spec, bool unit)
    {
        float[] vectors = CodecData.Vectors(Rows, Dimensions, 1, unit), query = CodecData.Vectors(1, Dimensions, 2);
        (Codec codec, byte[] codes) = Coded(spec, vectors);
        PackedCodes packed = new(codec);
        packed.Add(codes.AsSpan(0, 10 * codec.CodeBytes));
        packed.Add(codes.AsSpan(10 * codec.CodeBytes));
        packed.Count.ShouldBe(Rows);
        TopRows all = new(Rows);
        packed.Scan(packed.Query(query), 0, (Rows + 31) / 32, All(Rows), all);
        (int Row, float Score)[] found = all.ToSorted();
        found.Select(f => f.Row).Order().ShouldBe(Enumerable.Range(0, Rows));
        float step = packed.Query(query).Step * packed.Cells / 2;
        foreach ((int row, float score) in found)
        {
            float factor = ((INibbleTables)codec).Factor(codes.AsSpan(row * codec.CodeBytes, codec.CodeBytes));
            score.ShouldBe(codec.Query(query).Score(codes.AsSpan(row * codec.CodeBytes, codec.CodeBytes)), step * factor + 1e-4f, $"{spec}, row {row}");
        }
        TopRows ten = new(10);
        packed.Scan(packed.Query(query), 0, (Rows + 31) / 32, All(Rows), ten);
        ten.ToSorted().ShouldBe(found[..10]);
    }

    [Fact]
    public void A_filter_is_part_of_the_scan_so_that_the_answer_is_never_short()
    {
        float[] vectors = CodecData.Vectors(Rows, Dimensions, 1), query = CodecData.Vectors(1, Dimensions, 2);
        (Codec codec, byte[] codes) = Coded("pca4:16", vectors);
        PackedCodes packed = new(codec);
        packed.Add(codes);
        RowBitmap few = new(Rows);
        int[] rows = [3, 31, 32, 500, 997, 999];
        Array.ForEach(rows, r => few[r] = true);
        TopRows best = new(10), plain = new(10);
        packed.Scan(packed.Query(query), 0, 32, few, best);
        best.ToSorted().Select(f => f.Row).Order().ShouldBe(rows);
        CodeScan.Scan(codec.Query(query), codes, codec.CodeBytes, 0, few, plain);
        plain.ToSorted().Select(f => f.Row).Order().ShouldBe(rows);
        TopRows none = new(10);
        packed.Scan(packed.Query(query), 0, 32, new RowBitmap(Rows), none);
        none.ToSorted().ShouldBeEmpty();
    }

    [Fact]
    public void Several_queries_on_several_cores_give_what_one_gives_on_one()
    {
        float[] vectors = CodecData.Vectors(Rows, Dimensions, 1), queries = CodecData.Vectors(5, Dimensions, 2);
        (Codec codec, byte[] codes) = Coded("pca:16", vectors);
        CodeQuery[] ready = [.. Enumerable.Range(0, 5).Select(q => codec.Query(queries.AsSpan(q * Dimensions, Dimensions)))];
        TopRows[] batch = [.. ready.Select(_ => new TopRows(10))];
        CodeScan.ScanBatch(ready, codes, codec.CodeBytes, 0, All(Rows), batch);
        for (int q = 0; q < 5; q++)
        {
            TopRows one = new(10);
            CodeScan.Scan(ready[q], codes, codec.CodeBytes, 0, All(Rows), one);
            batch[q].ToSorted().ShouldBe(one.ToSorted());
            ParallelScan.Run(Rows, 64, 10, (first, count, own) => CodeScan.Scan(ready[q], codes.AsSpan(first * codec.CodeBytes, count * codec.CodeBytes), codec.CodeBytes, first, All(Rows), own), TestContext.Current.CancellationToken)
                .ToSorted().ShouldBe(one.ToSorted());
        }
    }

    [Fact]
    public void A_scan_on_several_cores_stops_when_it_is_cancelled()
    {
        using CancellationTokenSource source = new();
        int parts = 0;
        Should.Throw<OperationCanceledException>(() => ParallelScan.Run(1_000_000, 10, 1, (_, _, _) =>
        {
            parts++;
            source.Cancel();
        }, source.Token));
        parts.ShouldBeLessThan(1000);
    }

    [Theory]
    [InlineData("pca4:8")]
    [InlineData("sign")]
    [InlineData("rabitq:12")]
    public void Rescoring_comes_to_the_exact_answer_as_candidates_grow(string spec)
    {
        float[] vectors = CodecData.Vectors(Rows, Dimensions, 1), query = CodecData.Vectors(1, Dimensions, 2);
        (Codec codec, byte[] codes) = Coded(spec, vectors);
        float Exact(int row) => Kernels.Dot(query, vectors.AsSpan(row * Dimensions, Dimensions));
        (int Row, float Score)[] exact = Rescoring.Rescore(Enumerable.Range(0, Rows).Select(r => (r, 0f)), 10, Exact);
        int before = 0;
        foreach (double oversampling in new[] { 1, 4, 16, 100 })
        {
            TopRows scanned = new(Rescoring.Candidates(10, oversampling));
            CodeScan.Scan(codec.Query(query), codes, codec.CodeBytes, 0, All(Rows), scanned);
            int found = Rescoring.Rescore(scanned.ToSorted(), 10, Exact).Intersect(exact).Count();
            found.ShouldBeGreaterThanOrEqualTo(before);
            before = found;
        }
        before.ShouldBe(10);
        Rescoring.Candidates(10, 0.5).ShouldBe(10);
        Rescoring.Candidates(10, 2.55).ShouldBe(26);
    }

    [Fact]
    public void With_bounds_rescoring_stops_by_itself_and_is_exact()
    {
        float[] vectors = CodecData.Vectors(Rows, Dimensions, 1), queries = CodecData.Vectors(20, Dimensions, 2);
        (Codec codec, byte[] codes) = Coded("rabitq:36", vectors);
        int asked = 0;
        for (int q = 0; q < 20; q++)
        {
            float[] query = queries[(q * Dimensions)..((q + 1) * Dimensions)];
            float Exact(int row) => Kernels.Dot(query, vectors.AsSpan(row * Dimensions, Dimensions));
            ((int Row, float Score)[] found, int exact) = Rescoring.RescoreBounded(((RabitqCodec)codec).BoundedQuery(query), codes, codec.CodeBytes, All(Rows), 10, 4, Exact);
            found.ShouldBe(Rescoring.Rescore(Enumerable.Range(0, Rows).Select(r => (r, 0f)), 10, Exact), $"query {q}");
            asked += exact;
        }
        asked.ShouldBeLessThan(20 * Rows / 4);
    }

    [Fact]
    public void Only_codes_of_half_bytes_can_be_packed()
    {
        float[] vectors = CodecData.Vectors(300, Dimensions, 1);
        Should.Throw<ArgumentException>(() => new PackedCodes(Coded("pca:8", vectors).Codec)).Message.ShouldContain("Take pca4, pq4 or opq4");
        Should.Throw<ArgumentException>(() => new PackedCodes(Coded("pca4:8", vectors).Codec).Add(new byte[9])).Message.ShouldContain("9 bytes are not whole codes of 8 bytes");
        Should.Throw<ArgumentException>(() => new PackedCodes(Coded("pca4:8", vectors).Codec).Query(new float[3]));
    }

    private static (Codec Codec, byte[] Codes) Coded(string spec, float[] vectors)
    {
        Codec codec = CodecSpec.Parse(spec).Train(new CodecTraining(vectors, Dimensions, 1), TestContext.Current.CancellationToken);
        byte[] codes = new byte[vectors.Length / Dimensions * codec.CodeBytes];
        codec.Encode(vectors, codes);
        return (codec, codes);
    }

    private static RowBitmap All(int rows)
    {
        RowBitmap all = new(rows);
        for (int i = 0; i < rows; i++)
        {
            all[i] = true;
        }
        return all;
    }
}

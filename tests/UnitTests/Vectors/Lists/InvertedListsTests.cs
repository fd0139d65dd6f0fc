using Retrieval.UnitTests.Vectors.Codecs;
using Retrieval.Vectors;
using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Graph;
using Retrieval.Vectors.Lists;
using Retrieval.Vectors.Search;

namespace Retrieval.UnitTests.Vectors.Lists;

public sealed class InvertedListsTests
{
    private const int Dimensions = 32, Rows = 3000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_row_is_in_one_lane_and_the_nearest_lists_hold_the_share_that_was_asked_for(int seed)
    {
        float[] vectors = CodecData.Vectors(Rows, Dimensions, seed);
        InvertedLists lists = Build(vectors, 0.95);
        lists.Rows.ShouldBe(Rows);
        lists.Lanes.ToArray().Where(row => row >= 0).Order().ShouldBe(Enumerable.Range(0, Rows));
        lists.Probes.ShouldBeInRange(1, lists.Count);
        (int found, int possible) = (0, 0);
        for (int q = 0; q < 100; q++)
        {
            float[] query = vectors[(q * 29 * Dimensions)..((q * 29 + 1) * Dimensions)];
            int[] order = [.. lists.Nearest(query)];
            order.Order().ShouldBe(Enumerable.Range(0, lists.Count), "all lists, each once");
            HashSet<int> held = [.. order.Take(lists.Probes).SelectMany(list => Held(lists, list))];
            int[] nearest = [.. Enumerable.Range(0, Rows).OrderByDescending(r => Kernels.Dot(query, vectors.AsSpan(r * Dimensions, Dimensions))).Take(10)];
            found += nearest.Count(held.Contains);
            possible += nearest.Length;
        }
        ((double)found / possible).ShouldBeGreaterThan(0.9, $"seed {seed}: {lists.Probes} of {lists.Count}");
        Build(vectors, 0.5).Probes.ShouldBeLessThan(lists.Probes);
    }

    [Fact]
    public void The_same_rows_give_the_same_lists_and_come_back_from_their_bytes_and_what_is_cut_is_refused()
    {
        float[] vectors = CodecData.Vectors(Rows, Dimensions, 3);
        byte[] image = Build(vectors, 0.95).Image.ToArray();
        Build(vectors, 0.95).Image.SequenceEqual(image).ShouldBeTrue();
        InvertedLists again = InvertedLists.Map(image);
        again.Image.SequenceEqual(image).ShouldBeTrue();
        for (int cut = 0; cut < image.Length; cut += 997)
        {
            Should.Throw<InvalidDataException>(() => InvertedLists.Map(image.AsMemory(0, cut)));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(31)]
    [InlineData(33)]
    public void A_few_rows_and_equal_rows_are_all_in_lists(int count)
    {
        float[] equal = [.. Enumerable.Repeat(CodecData.Vectors(1, Dimensions, 4), count).SelectMany(v => v)];
        Build(equal, 0.95).Lanes.ToArray().Where(row => row >= 0).Order().ShouldBe(Enumerable.Range(0, count));
        Build(CodecData.Vectors(count, Dimensions, 5), 0.95).Lanes.ToArray().Where(row => row >= 0).Order().ShouldBe(Enumerable.Range(0, count));
    }

    [Fact]
    public void Packed_codes_in_any_order_of_rows_score_as_in_their_own()
    {
        float[] vectors = CodecData.Vectors(Rows, Dimensions, 6), query = CodecData.Vectors(1, Dimensions, 7);
        Codec codec = CodecSpec.Parse("pca4:16").Train(new CodecTraining(vectors, Dimensions, 1), default);
        byte[] codes = new byte[Rows * codec.CodeBytes];
        codec.Encode(vectors, codes);
        PackedCodes own = new(codec);
        own.Add(codes);
        PackedLayout layout = PackedLayout.Of(codec)!;
        int[] order = [.. Enumerable.Range(0, Rows)];
        new Random(8).Shuffle(order);
        int[] lanes = [.. order, .. Enumerable.Repeat(-1, (PackedLayout.Blocks(Rows) * PackedLayout.BlockRows) - Rows)];
        byte[] blocks = new byte[PackedLayout.Blocks(Rows) * layout.BlockBytes];
        for (int i = 0; i < Rows; i++)
        {
            layout.Place(codes.AsSpan(lanes[i] * codec.CodeBytes, codec.CodeBytes), blocks.AsSpan(i / PackedLayout.BlockRows * layout.BlockBytes, layout.BlockBytes), i % PackedLayout.BlockRows);
        }
        RowBitmap allowed = new(Rows);
        foreach (int row in Enumerable.Range(0, Rows).Where(r => r % 3 != 0))
        {
            allowed[row] = true;
        }
        TopRows inOrder = new(50), shuffled = new(50);
        own.Scan(own.Query(query), 0, PackedLayout.Blocks(Rows), allowed, inOrder);
        layout.Scan(layout.Query(query), blocks, lanes, allowed, shuffled);
        shuffled.ToSorted().ShouldBe(inOrder.ToSorted());
    }

    [Fact]
    public void A_query_in_bytes_scores_as_the_codec_does_within_a_byte_s_rounding_and_the_same_on_every_machine()
    {
        float[] vectors = CodecData.Vectors(500, Dimensions, 9), query = CodecData.Vectors(1, Dimensions, 10);
        Codec codec = CodecSpec.Parse("int8").Train(new CodecTraining(vectors, Dimensions, 1), default);
        byte[] codes = new byte[500 * codec.CodeBytes];
        codec.Encode(vectors, codes);
        float[] exact = new float[500], quick = new float[500];
        codec.Query(query).Score(codes, exact);
        codec.QuickQuery(query).Score(codes, quick);
        float range = exact.Max() - exact.Min();
        quick.Zip(exact, (q, e) => MathF.Abs(q - e)).Max().ShouldBeLessThan(range / 100);
    }

    private static IEnumerable<int> Held(InvertedLists lists, int list)
    {
        Range blocks = lists.BlocksOf(list);
        return lists.Lanes[(blocks.Start.Value * PackedLayout.BlockRows)..(blocks.End.Value * PackedLayout.BlockRows)].ToArray().Where(row => row >= 0);
    }

    private static InvertedLists Build(float[] vectors, double recall) =>
        ListBuilder.Build(row => vectors.AsSpan(row * Dimensions, Dimensions), vectors.Length / Dimensions, Dimensions, new ListOptions(recall), default);
}

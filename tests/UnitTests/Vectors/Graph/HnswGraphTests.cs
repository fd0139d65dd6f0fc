using Retrieval.Vectors;
using Retrieval.Vectors.Graph;

namespace Retrieval.UnitTests.Vectors.Graph;

public sealed class HnswGraphTests
{
    private const int Dimensions = 24;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Nearly_all_of_the_nearest_rows_are_found_and_more_breadth_finds_more(int seed)
    {
        float[] rows = Rows(seed, 3000);
        HnswGraph graph = Build(rows);
        (double narrow, double wide) = (Recall(graph, rows, seed, 10, 10, null), Recall(graph, rows, seed, 10, 100, null));
        wide.ShouldBeGreaterThan(0.97, $"seed {seed}");
        wide.ShouldBeGreaterThanOrEqualTo(narrow);
    }

    [Fact]
    public void The_same_rows_and_seed_give_the_same_graph_whatever_the_cores()
    {
        float[] rows = Rows(3, 1500);
        byte[] one = GraphFormat.Write(Build(rows)).ToArray();
        for (int i = 0; i < 3; i++)
        {
            GraphFormat.Write(Build(rows)).SequenceEqual(one).ShouldBeTrue();
        }
        GraphFormat.Write(GraphBuilder.Build(Reader(rows), 1500, new GraphOptions(Seed: 2), null, default)).SequenceEqual(one).ShouldBeFalse();
    }

    [Fact]
    public void Rows_that_are_added_later_are_found_and_the_graph_before_stays_as_it_was()
    {
        float[] rows = Rows(4, 3000);
        HnswGraph half = GraphBuilder.Build(Reader(rows), 1500, new GraphOptions(), null, default);
        byte[] before = GraphFormat.Write(half).ToArray();
        HnswGraph whole = half;
        for (int count = 1550; count <= 3000; count += 50)
        {
            whole = GraphBuilder.Extend(whole, Reader(rows), count, null, default);
        }
        Recall(whole, rows, 4, 10, 100, null).ShouldBeGreaterThan(0.97);
        GraphFormat.Write(half).ToArray().ShouldBe(before);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 5)]
    [InlineData(3, 50)]
    [InlineData(4, 100)]
    public void Rows_that_are_left_out_are_gone_the_others_are_found_and_more_can_be_added(int seed, int percent)
    {
        float[] rows = Rows(seed, 3000);
        Random random = new(seed);
        RowBitmap kept = new(3000);
        foreach (int row in Enumerable.Range(0, 3000).Where(_ => random.Next(100) >= percent))
        {
            kept[row] = true;
        }
        HnswGraph whole = Build(rows);
        byte[] before = GraphFormat.Write(whole).ToArray();
        float[] left = [.. Enumerable.Range(0, 3000).Where(row => kept[row]).SelectMany(row => rows.AsSpan(row * Dimensions, Dimensions).ToArray()), .. Rows(seed + 50, 400)];
        HnswGraph graph = GraphBuilder.Keep(whole, kept, Reader(left), default);
        graph.Rows.ShouldBe(kept.Count());
        GraphFormat.Read(GraphFormat.Write(graph).ToArray()).Rows.ShouldBe(graph.Rows, "no link to a row that is not there");
        Recall(graph, left, seed, 10, 100, null).ShouldBeGreaterThan(0.97, $"seed {seed}");
        HnswGraph more = GraphBuilder.Extend(graph, Reader(left), left.Length / Dimensions, null, default);
        Recall(more, left, seed, 10, 100, null).ShouldBeGreaterThan(0.97, $"seed {seed}");
        GraphFormat.Write(whole).ToArray().ShouldBe(before);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(60)]
    [InlineData(600)]
    [InlineData(1500)]
    [InlineData(2999)]
    public void A_filter_or_deleted_rows_never_leave_the_answer_short_nor_show_up(int allowedRows)
    {
        float[] rows = Rows(5, 3000);
        HnswGraph graph = Build(rows);
        Random random = new(allowedRows);
        RowBitmap allowed = new(3000);
        foreach (int row in Enumerable.Range(0, 3000).OrderBy(_ => random.Next()).Take(allowedRows))
        {
            allowed[row] = true;
        }
        for (int i = 0; i < 20; i++)
        {
            (int Row, float Score)[] found = graph.Search(new VectorScores(Rows(100 + i, 1), Reader(rows)), 25, 50, allowed);
            found.Length.ShouldBe(Math.Min(25, allowedRows));
            found.ShouldAllBe(f => allowed[f.Row]);
            found.Select(f => f.Row).ShouldBeUnique();
            found.Select(f => f.Score).ShouldBe(found.Select(f => f.Score).OrderDescending());
        }
        Recall(graph, rows, 5, 10, 100, allowed).ShouldBeGreaterThan(0.97);
    }

    [Fact]
    public void Equal_rows_clusters_without_links_between_them_and_very_few_rows_are_all_found()
    {
        float[] same = [.. Enumerable.Repeat(Rows(6, 1), 500).SelectMany(r => r)];
        Build(same).Search(new VectorScores(Rows(6, 1), Reader(same)), 500, 10, null).Select(f => f.Row).ShouldBeUnique();
        Build(same).Search(new VectorScores(Rows(6, 1), Reader(same)), 500, 10, null).Length.ShouldBe(500);
        for (int count = 0; count < 12; count++)
        {
            float[] few = Rows(7, count);
            Build(few).Search(new VectorScores(Rows(8, 1), Reader(few)), 100, 10, null).Select(f => f.Row).Order().ShouldBe(Enumerable.Range(0, count));
        }
    }

    [Fact]
    public void It_comes_back_from_its_bytes_and_what_is_cut_or_points_nowhere_is_refused()
    {
        float[] rows = Rows(9, 400);
        HnswGraph graph = Build(rows);
        byte[] bytes = GraphFormat.Write(graph).ToArray();
        HnswGraph again = GraphFormat.Read(bytes);
        GraphFormat.Write(again).ToArray().ShouldBe(bytes);
        float[] query = Rows(10, 1);
        again.Search(new VectorScores(query, Reader(rows)), 10, 50, null).ShouldBe(graph.Search(new VectorScores(query, Reader(rows)), 10, 50, null));
        for (int cut = 0; cut < bytes.Length; cut += 997)
        {
            Should.Throw<InvalidDataException>(() => GraphFormat.Read(bytes.AsMemory(0, cut)));
        }
        bytes[64 + 3] = 0x7F; // a link far away
        Should.Throw<InvalidDataException>(() => GraphFormat.Read(bytes));
    }

    [Fact]
    public void Scores_keep_their_order_in_one_number_with_the_lower_row_first_among_equals()
    {
        Random random = new(11);
        float[] scores = [.. Enumerable.Range(0, 500).Select(_ => (random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-30, 30))), 0f, float.PositiveInfinity, float.NegativeInfinity];
        long[] items = [.. scores.Select((s, i) => ScoreHeap.Pack(s, i))];
        items.Select((item, i) => (ScoreHeap.Score(item), ScoreHeap.Row(item))).ShouldBe(scores.Select((s, i) => (s, i)));
        items.OrderDescending().Select(ScoreHeap.Score).ShouldBe(scores.OrderDescending());
        ScoreHeap.Pack(1, 5).ShouldBeGreaterThan(ScoreHeap.Pack(1, 6));
    }

    private static HnswGraph Build(float[] rows) => GraphBuilder.Build(Reader(rows), rows.Length / Dimensions, new GraphOptions(), null, default);

    private static RowReader Reader(float[] rows) => row => rows.AsSpan(row * Dimensions, Dimensions);

    private static double Recall(HnswGraph graph, float[] rows, int seed, int top, int breadth, RowBitmap? allowed)
    {
        const int Queries = 50;
        double found = 0, possible = 0;
        for (int i = 0; i < Queries; i++)
        {
            float[] query = Rows(seed + 1000 + i, 1);
            HashSet<int> exact = [.. Enumerable.Range(0, graph.Rows).Where(r => allowed?[r] != false).OrderByDescending(r => Kernels.Dot(query, rows.AsSpan(r * Dimensions, Dimensions))).Take(top)];
            found += graph.Search(new VectorScores(query, Reader(rows)), top, breadth, allowed).Count(f => exact.Contains(f.Row));
            possible += exact.Count;
        }
        return possible == 0 ? 1 : found / possible;
    }

    /// <summary>Unit vectors in clusters.</summary>
    private static float[] Rows(int seed, int count)
    {
        Random centres = new(77), random = new(seed);
        float[][] middle = [.. Enumerable.Range(0, 40).Select(_ => (float[])[.. Enumerable.Range(0, Dimensions).Select(_ => centres.NextSingle() - 0.5f)])];
        float[] rows = new float[count * Dimensions];
        for (int row = 0; row < count; row++)
        {
            float[] centre = middle[random.Next(middle.Length)];
            Span<float> vector = rows.AsSpan(row * Dimensions, Dimensions);
            for (int j = 0; j < Dimensions; j++)
            {
                vector[j] = centre[j] + 0.6f * (random.NextSingle() - 0.5f);
            }
            Kernels.Normalize(vector);
        }
        return rows;
    }
}

using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.UnitTests.Vectors.LinearAlgebra;
using Retrieval.Vectors;

namespace Retrieval.UnitTests.Encoder.Alignment;

/// <summary>papers.md A2, test d: a planted map is found; with noise, the pair keeps more than the student alone.</summary>
public sealed class ModelAlignmentTests
{
    private const int Texts = 400;

    [Theory]
    [InlineData(12, 20)]
    [InlineData(20, 20)]
    public void A_planted_map_is_found_and_keeps_everything(int from, int to)
    {
        (float[][] student, float[][] teacher) = Planted(new Random(1), from, to, noise: 0);
        AlignedMap map = ModelAlignment.Fit(student, teacher, MapKind.Ridge, CancellationToken.None)[0];
        map.Measure.Texts.ShouldBe(Texts / 5);
        map.Measure.Cosine.Value.ShouldBeGreaterThan(0.995); // unit length is not linear
        map.Measure.RecallKept.Value.ShouldBeGreaterThan(0.9);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void With_noise_a_map_keeps_more_than_none(int seed)
    {
        (float[][] student, float[][] teacher) = Planted(new Random(seed), 16, 16, noise: 0.2);
        AlignedMap none = ModelAlignment.Fit(student, teacher, MapKind.None, CancellationToken.None)[0];
        IReadOnlyList<AlignedMap> maps = ModelAlignment.Fit(student, teacher, MapKind.Best, CancellationToken.None);
        maps.Select(m => m.Kind).ShouldBe([MapKind.Ridge, MapKind.Procrustes], ignoreOrder: true);
        maps[0].Measure.RecallKept.Low.ShouldBeGreaterThan(none.Measure.RecallKept.High, $"seed {seed}");
        maps[0].Measure.RecallKept.Value.ShouldBeGreaterThanOrEqualTo(maps[1].Measure.RecallKept.Value);
        PairMeasure measure = maps[0].Measure;
        measure.RecallKept.Low.ShouldBeLessThan(measure.RecallKept.Value);
        measure.RecallKept.High.ShouldBeGreaterThan(measure.RecallKept.Value);
    }

    [Fact]
    public void Held_out_texts_say_so_when_there_is_nothing_to_fit()
    {
        Random random = new(3);
        float[][] student = Units(random, Texts, 24), teacher = Units(random, Texts, 24);
        ModelAlignment.Fit(student, teacher, MapKind.Ridge, CancellationToken.None)[0].Measure.Cosine.High.ShouldBeLessThan(0.3);
    }

    [Fact]
    public void A_teacher_paired_with_itself_keeps_everything()
    {
        float[][] teacher = Units(new Random(4), 100, 8);
        PairMeasure measure = ModelAlignment.Fit(teacher, teacher, MapKind.None, CancellationToken.None)[0].Measure;
        measure.RecallKept.ShouldBe(new MeanInterval(1, 1, 1));
        measure.Cosine.Value.ShouldBe(1, 1e-6);
    }

    [Fact]
    public void What_cannot_be_joined_is_refused_with_the_way_out()
    {
        float[][] short3 = Units(new Random(5), 60, 3), long4 = Units(new Random(5), 60, 4);
        Should.Throw<RetrievalException>(() => ModelAlignment.Fit(short3, long4, MapKind.Procrustes, CancellationToken.None)).Message.ShouldContain("--map ridge");
        Should.Throw<RetrievalException>(() => ModelAlignment.Fit(short3, long4, MapKind.None, CancellationToken.None)).Message.ShouldContain("3 dimensions and the teacher's 4");
        Should.Throw<RetrievalException>(() => ModelAlignment.Fit(short3[..49], short3[..49], MapKind.Ridge, CancellationToken.None)).Message.ShouldContain("49 texts are too few");
        Should.Throw<OperationCanceledException>(() => ModelAlignment.Fit(short3, short3, MapKind.Ridge, new CancellationToken(true)));
    }

    private static (float[][] Student, float[][] Teacher) Planted(Random random, int from, int to, double noise)
    {
        float[][] student = Units(random, Texts, from);
        Retrieval.Vectors.LinearAlgebra.Matrix map = RandomMatrix.Of(random, to, from);
        return (student, [.. student.Select(s => Unit([.. Enumerable.Range(0, to).Select(i => (float)(Enumerable.Range(0, from).Sum(j => map[i, j] * s[j]) + noise * RandomMatrix.Normal(random)))]))]);
    }

    private static float[][] Units(Random random, int count, int dimensions) =>
        [.. Enumerable.Range(0, count).Select(_ => Unit([.. Enumerable.Range(0, dimensions).Select(_ => (float)RandomMatrix.Normal(random))]))];

    private static float[] Unit(float[] vector)
    {
        Kernels.Normalize(vector).ShouldBeTrue();
        return vector;
    }
}

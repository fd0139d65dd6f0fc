using Retrieval.Vectors;
using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Codecs.Principal;

namespace Retrieval.UnitTests.Vectors.Codecs;

public sealed class PrefixRotationTests
{
    private const int Dimensions = 64, Rows = 1500;

    [Fact]
    public void Whole_vectors_keep_their_inner_products()
    {
        (float[] vectors, PrefixRotation rotation) = Trained();
        float[] turned = rotation.Turn(vectors);
        for (int i = 1; i < 100; i++)
        {
            Kernels.Dot(Row(turned, 0, Dimensions), Row(turned, i, Dimensions)).ShouldBe(Kernels.Dot(Row(vectors, 0, Dimensions), Row(vectors, i, Dimensions)), 1e-5f);
        }
    }

    [Fact]
    public void Each_longer_prefix_finds_more_and_more_than_the_same_prefix_unturned()
    {
        (float[] vectors, PrefixRotation rotation) = Trained();
        float[] queries = CodecData.Vectors(60, Dimensions, 2), turned = rotation.Turn(vectors), asked = rotation.Turn(queries);
        double before = 0;
        foreach (int length in new[] { 8, 16, 32, 64 })
        {
            double found = Agreement(vectors, queries, rotation.Prefixes(turned, length), rotation.Prefixes(asked, length), length);
            found.ShouldBeGreaterThan(before);
            if (length < Dimensions)
            {
                found.ShouldBeGreaterThan(Agreement(vectors, queries, rotation.Prefixes(vectors, length), rotation.Prefixes(queries, length), length));
            }
            before = found;
        }
        before.ShouldBeGreaterThan(0.99);
    }

    [Fact]
    public void Lengths_beyond_the_vector_and_empty_samples_are_refused()
    {
        (float[] vectors, PrefixRotation rotation) = Trained();
        Should.Throw<ArgumentException>(() => rotation.Prefixes(vectors, 65)).Message.ShouldStartWith("A prefix of 65 numbers cannot be taken of 64.");
        Should.Throw<ArgumentException>(() => rotation.Prefixes(vectors, 0));
        Should.Throw<ArgumentException>(() => rotation.Turn(new float[65]));
        Should.Throw<ArgumentException>(() => PrefixRotation.Train(new CodecTraining(Array.Empty<float>(), 4, 1), TestContext.Current.CancellationToken));
    }

    private static (float[] Vectors, PrefixRotation Rotation) Trained()
    {
        float[] vectors = CodecData.Vectors(Rows, Dimensions, 1);
        return (vectors, PrefixRotation.Train(new CodecTraining(vectors, Dimensions, 1), TestContext.Current.CancellationToken));
    }

    private static double Agreement(float[] vectors, float[] queries, float[] prefixes, float[] asked, int length) => Enumerable.Range(0, queries.Length / Dimensions)
        .Average(q => Best(vectors, Row(queries, q, Dimensions)).Intersect(Best(prefixes, Row(asked, q, length))).Count() / 10.0);

    private static int[] Best(float[] vectors, float[] query) =>
        [.. Enumerable.Range(0, Rows).OrderByDescending(i => Kernels.Dot(query, vectors.AsSpan(i * query.Length, query.Length))).Take(10)];

    private static float[] Row(float[] vectors, int row, int length) => vectors[(row * length)..((row + 1) * length)];
}

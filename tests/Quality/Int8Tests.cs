using System.Globalization;
using System.Numerics.Tensors;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Quality.Data;
using Retrieval.Quality.Measures;
using Retrieval.Quality.Product;
using Retrieval.Tests.Data;

namespace Retrieval.Quality;

/// <summary>What int8 for each token row costs a real model: bge-small-en-v1.5 against its own fp32, on texts that it was not calibrated on.</summary>
public sealed class Int8Tests(ResultTable results, ITestOutputHelper output)
{
    private const double LeastMeanCosine = 0.997, SpearmanLoss = 0.003;
    private const int Part = 60, PartPairs = 200, Seed = 23;
    private static readonly (int Threads, int BatchTokens)[] Batches = [(1, 256), (2, 2048)];

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Vectors_stay_near_fp32_and_are_the_same_in_any_batch(int weightBits)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        using Int8Folder folder = Make(weightBits);
        using LocalEncoder fp32 = Models.Open(Int8Folder.Original!), int8 = Models.Open(folder.Path);
        foreach ((string set, string[] all) in Sets())
        {
            string[] texts = FullRun.IsWanted ? all : Shuffled(all)[..Part];
            List<float[]> expected = await Models.OneByOneAsync(fp32, texts, InputKind.Document, cancellationToken), actual = await Models.OneByOneAsync(int8, texts, InputKind.Document, cancellationToken);
            double[] cosines = [.. expected.Zip(actual, (a, b) => (double)TensorPrimitives.Dot<float>(a, b))];
            output.WriteLine($"{set}, {weightBits} bits, {texts.Length} texts: least {cosines.Min():0.00000}, mean {cosines.Average():0.00000}");
            results.Add("int8 for each token row against fp32, bge-small-en-v1.5", ["set", "bits of a weight", "texts", "least cosine", "mean cosine"], set, weightBits, texts.Length, cosines.Min(), cosines.Average());
            cosines.Average().ShouldBeGreaterThanOrEqualTo(LeastMeanCosine, set);
            await RequireSameInBatchesAsync(folder.Path, texts, actual, cancellationToken);
        }
    }

    [Fact]
    public async Task Similarities_rank_pairs_as_those_of_fp32_do()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        string[][] rows = [.. File.ReadLines(Shared.Require("eval", "stsb", "test.tsv")).Skip(1).Select(l => l.Split('\t'))];
        rows = FullRun.IsWanted ? rows : Shuffled(rows)[..PartPairs];
        using Int8Folder folder = Make(ProductBits.OfThisProcessor);
        double fp32 = await SpearmanAsync(Int8Folder.Original!, rows, cancellationToken), int8 = await SpearmanAsync(folder.Path, rows, cancellationToken);
        output.WriteLine($"STS-B test, {rows.Length} pairs: fp32 {fp32:0.0000}, int8 {int8:0.0000}");
        results.Add("int8 for each token row, Spearman of the cosine, bge-small-en-v1.5", ["set", "bits of a weight", "pairs", "fp32", "int8"], "STS-B test", ProductBits.OfThisProcessor, rows.Length, fp32, int8);
        int8.ShouldBeGreaterThan(fp32 - SpearmanLoss);
        if (FullRun.IsWanted)
        {
            fp32.ShouldBe(0.859, 0.002);
        }
    }

    private static Int8Folder Make(int weightBits)
    {
        Shared.Require("models", "bge-small-en-v1.5");
        Shared.Require("eval", "cranfield");
        Shared.Require("eval", "stsb", "dev.tsv");
        Assert.SkipWhen(weightBits > ProductBits.OfThisProcessor, "Optional: this processor saturates on 8-bit weights.");
        return new Int8Folder(weightBits);
    }

    private static IEnumerable<(string, string[])> Sets()
    {
        yield return ("STS-B test, sentences", [.. File.ReadLines(Shared.Require("eval", "stsb", "test.tsv")).Skip(1).SelectMany(l => l.Split('\t')[1..3]).Distinct()]);
        foreach (string name in new[] { "xquad", "perlfaq" })
        {
            EvaluationSet set = EvaluationSet.Load(name);
            yield return (name, [.. set.Corpus.Select(p => p.Text), .. set.Questions.Select(q => q.Text)]);
        }
    }

    private static async Task RequireSameInBatchesAsync(string folder, string[] texts, List<float[]> alone, CancellationToken cancellationToken)
    {
        int[] order = Shuffled([.. Enumerable.Range(0, texts.Length)]);
        foreach ((int threads, int batchTokens) in Batches)
        {
            using LocalEncoder encoder = Models.Open(folder, threads, batchTokens);
            EmbedResult together = await encoder.EmbedAsync(new EmbedRequest([.. order.Select(i => texts[i])], InputKind.Document), cancellationToken);
            foreach ((int index, float[] vector) in order.Zip(together.Vectors))
            {
                vector.AsSpan().SequenceEqual(alone[index]).ShouldBeTrue($"text {index}, {batchTokens} tokens a batch, {threads} threads");
            }
        }
    }

    private static async Task<double> SpearmanAsync(string folder, string[][] rows, CancellationToken cancellationToken)
    {
        using LocalEncoder encoder = Models.Open(folder, threads: 2);
        EmbedResult first = await encoder.EmbedAsync(new EmbedRequest([.. rows.Select(r => r[1])]), cancellationToken), second = await encoder.EmbedAsync(new EmbedRequest([.. rows.Select(r => r[2])]), cancellationToken);
        return Spearman.Of([.. first.Vectors.Zip(second.Vectors, (a, b) => (double)TensorPrimitives.Dot<float>(a, b))], [.. rows.Select(r => double.Parse(r[0], CultureInfo.InvariantCulture))]);
    }

    private static T[] Shuffled<T>(T[] items)
    {
        T[] copy = [.. items];
        new Random(Seed).Shuffle(copy);
        return copy;
    }
}

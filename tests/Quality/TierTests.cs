using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Quality.Data;
using Retrieval.Quality.Measures;
using Retrieval.Tests.Data;
using Retrieval.Vectors;
using Ndcg = Retrieval.Encoder.Ndcg;

namespace Retrieval.Quality;

/// <summary>Tiers of a model that was trained for them: measured, admitted, served, and what each finds in documents of full depth.</summary>
public sealed class TierTests(ResultTable results, ITestOutputHelper output) : IDisposable
{
    private const int Depth = 10;
    private readonly string _folder = Directory.CreateTempSubdirectory("retrieval-tiers-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task Each_tier_of_leaf_mini_keeps_what_was_measured_and_finds_less_the_earlier_it_leaves()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        string leaf = Shared.Require("models", "leaf-mini-en"), tiered = Path.Combine(_folder, "tiered");
        EncoderOptions options = new() { Models = [new ModelOptions { Path = tiered }], Provider = "cpu", CompiledFolder = Path.Combine(_folder, "compiled") };
        EvaluationSet set = EvaluationSet.Load("perlfaq");
        // The questions of another set: nothing that is searched below was measured on.
        string[] texts = [.. EvaluationSet.Load("xquad").Questions.Select(q => q.Text).Take(FullRun.IsWanted ? 600 : 300)];
        TierReport report = TierMeasuring.Run(new TierRequest(leaf, texts, [4, 3, 2], [128], "exits/layer_{n}.safetensors") { Output = tiered }, options, () => { }, NullLogger.Instance, cancellationToken);
        report.Tiers.Where(t => t.IsAdmitted).Select(t => t.Name).ShouldContain("L4");
        using LocalEncoder encoder = LocalEncoder.Load(options, NullLogger.Instance);
        EncoderDescription model = await encoder.DescribeAsync(null, cancellationToken);
        float[][] documents = await EncodeAsync(encoder, [.. set.Corpus.Select(p => VectorSpace.Join(p.Title, p.Text))], InputKind.Document, null, cancellationToken);
        List<double> found = [];
        foreach (TierDescription tier in model.Tiers!.Where(t => t.IsByLoad))
        {
            float[][] questions = await EncodeAsync(encoder, [.. set.Questions.Select(q => q.Text)], InputKind.Query, tier.Name, cancellationToken);
            double ndcg = questions.Select((q, i) => Ndcg.At(Depth, Best(q, documents).Select(d => set.Corpus[d].Id), set.Questions[i].Gains)).Average();
            MeasuredTier? measured = report.Tiers.FirstOrDefault(t => t.Name == tier.Name);
            output.WriteLine($"{tier.Name}: nDCG@10 {ndcg:0.0000}, cosine {tier.Cosine:0.000}, recall kept {tier.RecallKept:0.000}, time {measured?.Time ?? 1:0.00}");
            results.Add("Tiers of leaf-mini-en: questions by the tier, documents at full depth", ["tier", "perlfaq nDCG@10", "cosine to full depth", "recall@10 kept (95 %)", "texts"], tier.Name, ndcg, tier.Cosine ?? 1,
                measured is null ? "1" : FormattableString.Invariant($"{measured.Measure.RecallKept.Value:0.000} ({measured.Measure.RecallKept.Low:0.000} to {measured.Measure.RecallKept.High:0.000})"), measured?.Measure.Texts.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "");
            found.Add(ndcg);
        }
        found.Count.ShouldBeGreaterThan(1);
        found[0].ShouldBe(0.779, 0.005, "as published at full depth");
        found[^1].ShouldBeInRange(0.5 * found[0], found[0]);
    }

    private static async Task<float[][]> EncodeAsync(LocalEncoder encoder, string[] texts, InputKind kind, string? tier, CancellationToken cancellationToken)
    {
        List<float[]> vectors = [];
        foreach (string[] some in texts.Chunk(64))
        {
            EmbedResult result = await encoder.EmbedAsync(new EmbedRequest(some, kind, Tier: tier), cancellationToken);
            result.Tier.ShouldBe(tier);
            vectors.AddRange(result.Vectors);
        }
        return [.. vectors];
    }

    private static IEnumerable<int> Best(float[] question, float[][] documents)
    {
        float[] scores = [.. documents.Select(d => Kernels.Dot(question, d))];
        return Enumerable.Range(0, documents.Length).OrderByDescending(i => scores[i]).Take(Depth);
    }
}

using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.UnitTests.Encoder.Upgrade;
using Retrieval.Vectors;

namespace Retrieval.UnitTests.Encoder.Tuning;

/// <summary>A temperature is written when held-out data show a gain, and only then.</summary>
public sealed class ModelTuningTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public ModelTuningTests() => _model = TinyModel.Write(_folder["model"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_temperature_that_the_judgments_were_made_with_is_found_and_written()
    {
        string judge = _folder["judge"];
        Directory.CreateDirectory(judge);
        File.WriteAllText(Path.Combine(judge, "retrieval.json"), """{"version":1,"model":"../model","passes":[{"pass":"tempScale","temperature":0.5}]}""");
        TuningReport report = await TuneAsync(await PairsAsync(judge), _folder["tuned"]);
        report.Best.Name.ShouldBe("temperature 0.5");
        report.Best.Held.ShouldBe(1, 1e-9);
        report.Gain.Low.ShouldBeGreaterThan(0);
        report.Settings.Count.ShouldBe(8);
        report.Refused.ShouldHaveSingleItem().ShouldBe("Token Prepending: every token already sees what comes after it; the method is for causal decoders");
        report.File.ShouldBe(Path.Combine(_folder["tuned"], "retrieval.json"));
        (await EmbedAsync(_folder["tuned"])).ShouldBe(await EmbedAsync(judge));
        (await Should.ThrowAsync<RetrievalException>(async () => await TuneAsync(await PairsAsync(judge), _folder["tuned"]))).Message.ShouldContain("is there already");
        (await Should.ThrowAsync<RetrievalException>(() => ModelTuning.RunAsync(_folder["tuned"], TuningData.Read(_folder["pairs.tsv"]), TuningSweep.Of(_folder["tuned"], null), _folder["other"], TinyModel.Options(_folder["compiled"]), () => { }, NullLogger.Instance, CancellationToken.None)))
            .Message.ShouldContain("upgrades the model already");
    }

    [Fact]
    public async Task Nothing_is_written_when_the_model_as_it_is_was_the_judge_or_nobody_was()
    {
        (await TuneAsync(await PairsAsync(_model), _folder["tuned"])).ShouldSatisfyAllConditions(r => r.Best.Name.ShouldBe("as it is"), r => r.File.ShouldBeNull(), r => r.Gain.ShouldBe(new MeanInterval(0, 0, 0)));
        Random random = new(4);
        File.WriteAllLines(_folder["random.tsv"], ["score\tfirst\tsecond", .. TinyModel.Texts(120, 5).Select(t => string.Create(CultureInfo.InvariantCulture, $"{random.NextDouble()}\t{t}\t{TinyModel.Words[random.Next(200)]}"))]);
        (await TuneAsync(TuningData.Read(_folder["random.tsv"]), _folder["tuned"])).File.ShouldBeNull();
        Directory.Exists(_folder["tuned"]).ShouldBeFalse();
    }

    [Fact]
    public async Task On_a_decoder_token_prepending_is_found_where_the_judgments_were_made_with_it_and_written_with_its_template()
    {
        string decoder = DecoderFolder.Write(_folder["decoder"], "ts-sdpa-17", unitLength: true), judge = _folder["judge"];
        Directory.CreateDirectory(judge);
        File.WriteAllText(Path.Combine(judge, "retrieval.json"),
            """{"version":1,"model":"../decoder","template":"This sentence : <unk> \"{text}\" means in one word:\"","passes":[{"pass":"tokenPrepending","start":1,"exit":99,"placeholder":"<unk>"}]}""");
        TuningSweep sweep = TuningSweep.Of(decoder, null);
        sweep.Count.ShouldBe(1 + 7 + 3 * 3);
        TuningReport report = await ModelTuning.RunAsync(decoder, await PairsAsync(judge, 60), sweep, _folder["tuned"], TinyModel.Options(_folder["compiled"]), () => { }, NullLogger.Instance, CancellationToken.None);
        report.Best.Name.ShouldBe("prompt 'one word', Token Prepending, all layers");
        report.Best.Held.ShouldBe(1, 1e-9);
        report.Gain.Low.ShouldBeGreaterThan(0);
        report.Refused.Count.ShouldBe(3, "the third prompt is longer than this model reads");
        report.Refused.ShouldAllBe(r => r.Contains("'knowledge'", StringComparison.Ordinal) && r.Contains("leaves none of its 128 to a text", StringComparison.Ordinal));
        File.ReadAllText(report.File.ShouldNotBeNull()).ShouldContain("This sentence : <unk> ");
        (await EmbedAsync(_folder["tuned"], InputKind.Document)).ShouldBe(await EmbedAsync(judge, InputKind.Document));
        (await ModelTuning.RunAsync(decoder, await PairsAsync(decoder, 60), sweep, _folder["other"], TinyModel.Options(_folder["compiled"]), () => { }, NullLogger.Instance, CancellationToken.None)).File.ShouldBeNull("the model as it is was the judge");
        Should.Throw<RetrievalException>(() => TuningSweep.Of(decoder, "two words")).Message.ShouldContain("placeholder 'two words', which is not one token");
    }

    [Fact]
    public async Task Judged_questions_are_read_in_the_layout_of_beir()
    {
        string[] texts = TinyModel.Texts(60, 6);
        Directory.CreateDirectory(_folder["judged"]);
        File.WriteAllLines(Path.Combine(_folder["judged"], "corpus.jsonl"), texts.Select((t, i) => $$"""{"_id":"d{{i}}","title":"","text":"{{t}}"}"""));
        File.WriteAllLines(Path.Combine(_folder["judged"], "queries.jsonl"), texts.Select((t, i) => $$"""{"_id":"q{{i}}","text":"{{t}}"}"""));
        File.WriteAllLines(Path.Combine(_folder["judged"], "qrels.tsv"), ["query-id\tcorpus-id\tscore", .. texts.Select((_, i) => $"q{i}\td{i}\t1")]);
        TuningData data = TuningData.Read(_folder["judged"]);
        (data.Measure, data.Items, data.Texts).ShouldBe(("nDCG@10", 60, 120));
        TuningReport report = await TuneAsync(data, _folder["tuned"]);
        report.Settings.ShouldAllBe(s => s.Chosen == 1 && s.Held == 1);
        report.File.ShouldBeNull();
        File.Delete(Path.Combine(_folder["judged"], "qrels.tsv"));
        Should.Throw<RetrievalException>(() => TuningData.Read(_folder["judged"])).Message.ShouldContain("qrels.tsv");
    }

    [Theory]
    [InlineData("score\ta\tb\nx\ta\tb", "cannot be read")]
    [InlineData("score\ta\tb\n1\ta", "cannot be read")]
    public void Pairs_that_are_none_are_refused(string content, string expected)
    {
        File.WriteAllText(_folder["pairs.tsv"], content);
        Should.Throw<RetrievalException>(() => TuningData.Read(_folder["pairs.tsv"])).Message.ShouldContain(expected);
    }

    [Fact]
    public async Task Too_few_judgments_are_refused()
    {
        File.WriteAllLines(_folder["pairs.tsv"], ["score\ta\tb", .. Enumerable.Repeat("1\taa\tab", 39)]);
        (await Should.ThrowAsync<RetrievalException>(() => TuneAsync(TuningData.Read(_folder["pairs.tsv"]), _folder["tuned"]))).Message.ShouldContain("39 judged items are too few");
    }

    /// <summary>Pairs, each scored with the cosine that a model gives.</summary>
    private async Task<TuningData> PairsAsync(string judge, int pairs = 200)
    {
        using LocalEncoder encoder = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], judge), NullLogger.Instance);
        string[] first = TinyModel.Texts(pairs, 1), second = TinyModel.Texts(pairs, 2);
        float[][] a = [.. (await encoder.EmbedAsync(new EmbedRequest(first, InputKind.Document), CancellationToken.None)).Vectors], b = [.. (await encoder.EmbedAsync(new EmbedRequest(second, InputKind.Document), CancellationToken.None)).Vectors];
        File.WriteAllLines(_folder["pairs.tsv"], ["score\tfirst\tsecond", .. first.Select((t, i) => string.Create(CultureInfo.InvariantCulture, $"{(double)Kernels.Dot(a[i], b[i]):R}\t{t}\t{second[i]}"))]);
        return TuningData.Read(_folder["pairs.tsv"]);
    }

    private Task<TuningReport> TuneAsync(TuningData data, string output) =>
        ModelTuning.RunAsync(_model, data, TuningSweep.Of(_model, null), output, TinyModel.Options(_folder["compiled"]), () => { }, NullLogger.Instance, CancellationToken.None);

    private async Task<float[]> EmbedAsync(string folder, InputKind kind = InputKind.Raw)
    {
        using LocalEncoder encoder = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], folder), NullLogger.Instance);
        return (await encoder.EmbedAsync(new EmbedRequest([TinyModel.Texts(1, 1)[0]], kind), CancellationToken.None)).Vectors[0];
    }
}

using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Quality.Data;
using Retrieval.Quality.Measures;
using Retrieval.Quality.Product;
using Retrieval.Tests.Data;

namespace Retrieval.Quality;

/// <summary>What upgrades of real models cost and give, against the model as it is: the same items, so that intervals are of paired differences.</summary>
public sealed class UpgradeTableTests(ResultTable results, ITestOutputHelper output)
{
    private const int Seed = 17, Calibration = 100, Paragraph = 10;
    private const string Long = "every upgrade encodes four sets, which takes many minutes.";
    private static readonly (string Name, string Path)[] Sets = [("STS-B, Spearman", "stsb/test.tsv"), ("xquad, nDCG@10", "xquad"), ("perlfaq, nDCG@10", "perlfaq"), ("cranfield, nDCG@10", "cranfield")];

    [Fact]
    public async Task A_milder_temperature_costs_the_shipped_model_next_to_nothing()
    {
        using Upgraded plain = Upgraded.Of(Models.Default, "[]"), cooler = Upgraded.Of(Models.Default, Temperature(0.9));
        (string Name, string Path)[] sets = [.. Sets.Where(s => s.Path == "xquad")];
        MeanInterval gain = Gain((await FiguresAsync(cooler.Encoder, sets))[0], (await FiguresAsync(plain.Encoder, sets))[0]);
        output.WriteLine($"xquad: temperature 0.9 minus 1: {gain.Value:0.0000} ({ResultTable.Interval(gain)})");
        gain.Value.ShouldBeInRange(-0.01, 0.01);
        gain.Value.ShouldNotBe(0, "a temperature moves some ranks");
    }

    [Fact]
    public async Task Temperatures_of_the_shipped_model_are_measured()
    {
        FullRun.Require(Long);
        await TabulateAsync(Models.Default, ("temperature 0.9", Temperature(0.9)), ("temperature 0.8", Temperature(0.8)));
    }

    [Fact]
    public async Task Exits_of_a_model_that_was_trained_for_them_are_measured()
    {
        FullRun.Require(Long);
        string leaf = Shared.Require("models", "leaf-mini-en");
        await TabulateAsync(leaf, [.. ((int[])[4, 3, 2]).Select(layer => ($"exit {layer} with its dense layer", Upgraded.Exit(leaf, layer)))]);
    }

    [Fact]
    public async Task Temperatures_exits_int8_and_a_student_of_a_float_model_are_measured()
    {
        FullRun.Require(Long);
        string bge = Shared.Require("models", "bge-small-en-v1.5");
        (RememberingEncoder plain, Figure[] figures) = await TabulateAsync(bge, ("temperature 0.9", Temperature(0.9)), ("temperature 0.8", Temperature(0.8)), ("exit 8", """[{"pass":"exit","layer":8}]"""),
            ("exit 4", """[{"pass":"exit","layer":4}]"""), ("int8, smoothed on 100 texts", Int8()));
        string folder = Directory.CreateTempSubdirectory("retrieval-pair-").FullName;
        try
        {
            using LocalEncoder pair = await PairAsync(bge, Path.Combine(folder, "pair"), Path.Combine(folder, "compiled"));
            await RowAsync(bge, "queries by leaf-mini-en", new SidesEncoder(plain, pair), figures, await Times.RatioAsync(pair, plain.Inner, InputKind.Query, TestContext.Current.CancellationToken), Sets[1..]);
        }
        finally
        {
            Directory.Delete(folder, true);
            ((IDisposable)plain.Inner).Dispose();
        }
    }

    private static string Temperature(double temperature) => FormattableString.Invariant($$"""[{"pass":"tempScale","temperature":{{temperature}}}]""");

    /// <summary>Sentences of STS-B dev, every fifth text ten of them, so that nothing measured was calibrated on.</summary>
    private static string Int8()
    {
        string[] sentences = [.. File.ReadLines(Shared.Require("eval", "stsb", "dev.tsv")).Skip(1).Select(l => l.Split('\t')[1])];
        string texts = Path.Combine(AppContext.BaseDirectory, "calibration.txt");
        File.WriteAllLines(texts, Enumerable.Range(0, Calibration).Select(i => i % 5 == 0 ? string.Join(' ', sentences.Skip(Calibration + (i * Paragraph)).Take(Paragraph)) : sentences[i]));
        return $$"""[{"pass":"int8","texts":"{{texts}}"}]""";
    }

    private static async Task<LocalEncoder> PairAsync(string teacher, string pair, string compiled)
    {
        string[] texts = [.. EvaluationSet.Load("perlfaq").Questions.Select(q => q.Text)];
        AlignmentRequest request = new(teacher, Shared.Require("models", "leaf-mini-en"), texts, MapKind.None, 0.5, pair);
        (await PairAlignment.RunAsync(request, new EncoderOptions { Provider = "cpu" }, () => { }, NullLogger.Instance, TestContext.Current.CancellationToken)).Folder.ShouldBe(pair);
        return Upgraded.Load(pair, compiled);
    }

    /// <summary>A row for the model as it is and one for each upgrade; the plain encoder is still open and remembers its vectors.</summary>
    private async Task<(RememberingEncoder Plain, Figure[] Figures)> TabulateAsync(string model, params (string Name, string Passes)[] upgrades)
    {
        LocalEncoder open = Upgraded.Load(model, "unused");
        RememberingEncoder plain = new(open);
        Figure[] figures = await RowAsync(model, "as it is", plain, null, 1, Sets);
        foreach ((string name, string passes) in upgrades)
        {
            using Upgraded upgraded = Upgraded.Of(model, passes);
            await RowAsync(model, name, upgraded.Encoder, figures, await Times.RatioAsync(upgraded.Encoder, open, InputKind.Raw, TestContext.Current.CancellationToken), Sets);
        }
        return (plain, figures);
    }

    private async Task<Figure[]> RowAsync(string model, string name, IEncoder encoder, Figure[]? plain, double time, (string Name, string Path)[] sets)
    {
        string section = $"What upgrades cost and give: {Path.GetFileName(model)}";
        Figure[] figures = await FiguresAsync(encoder, sets);
        string[] cells = [.. Sets.Select(s => Array.Find(figures, f => f.Set == s.Name) is { } figure ? Cell(figure, Array.Find(plain ?? [], f => f.Set == s.Name)) : "")];
        output.WriteLine($"{Path.GetFileName(model)}, {name}: {string.Join(" | ", cells)} | {time:0.00}");
        results.Add(section, ["upgrade", .. Sets.Select(s => s.Name), "time"], [name, .. cells, time.ToString("0.00", CultureInfo.InvariantCulture)]);
        results.Note(section, "In brackets the 95 % interval of the difference from the model as it is, by paired bootstrap over questions or pairs. Time: against the model as it is, the median of pairs in turns.");
        return figures;
    }

    private static async Task<Figure[]> FiguresAsync(IEncoder encoder, (string Name, string Path)[] sets)
    {
        List<Figure> figures = [];
        foreach ((string name, string path) in sets)
        {
            TuningData data = TuningData.Read(Shared.Require(["eval", .. path.Split('/')]));
            figures.Add(new Figure(name, data.Items, await data.EvaluateAsync(encoder, () => { }, TestContext.Current.CancellationToken)));
        }
        return [.. figures];
    }

    private static string Cell(Figure figure, Figure? plain)
    {
        string value = figure.Of([.. Enumerable.Range(0, figure.Items)]).ToString("0.0000", CultureInfo.InvariantCulture);
        return plain is null ? value : $"{value} ({ResultTable.Interval(Gain(figure, plain))})";
    }

    private static MeanInterval Gain(Figure figure, Figure plain) => Bootstrap.Of(figure.Items, draw => figure.Of(draw) - plain.Of(draw), Seed);

    /// <summary>A set's figure on any choice of its items.</summary>
    private sealed record Figure(string Set, int Items, Func<int[], double> Of);
}

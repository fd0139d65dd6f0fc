using System.Globalization;
using System.Net;
using System.Text;
using Retrieval.Contracts;
using Retrieval.Vectors.Advisor;

namespace Retrieval.Host.Cli;

/// <summary>Recall over bytes a vector as SVG: a colour a kind, its sizes joined; lines for codes alone, dashes where candidates are scored again.</summary>
internal static class CodecPlot
{
    private const int Width = 960, Height = 560, Left = 60, Right = 190, Top = 40, Bottom = 60, LegendLine = 19;
    private static readonly string[] Colours = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"];

    public static async Task WriteAsync(string path, BenchAnswer answer, CancellationToken cancellationToken)
    {
        try
        {
            await File.WriteAllTextAsync(path, Draw(answer), cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{path} cannot be written: {e.Message}", "--plot", path, "a file in a folder that is there", inner: e);
        }
    }

    public static string Draw(BenchAnswer answer)
    {
        Axes axes = Axes.Of(answer.Codecs);
        StringBuilder svg = new();
        Line(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">");
        Line(svg, $"<title>recall@10 over bytes a vector</title><rect width=\"{Width}\" height=\"{Height}\" fill=\"#fff\"/>");
        Grid(svg, axes);
        foreach ((int i, IGrouping<string, CodecTrial> kind) in answer.Codecs.GroupBy(c => c.Codec.Split(':')[0]).OrderBy(k => k.Key, StringComparer.Ordinal).Index())
        {
            string colour = Colours[i % Colours.Length], shape = i < Colours.Length ? "circle" : "square";
            Series(svg, [.. kind], axes, (colour, shape), answer.Choice);
            int y = Top + i * LegendLine;
            Mark(svg, Width - Right + 20, y, (colour, shape), 4);
            Line(svg, $"<text x=\"{Width - Right + 32}\" y=\"{y + 4}\">{WebUtility.HtmlEncode(kind.Key)}</text>");
        }
        Line(svg, $"<text x=\"{Left}\" y=\"{Height - 8}\" fill=\"#555\">{WebUtility.HtmlEncode(answer.About)}; lines: by codes, dashes: {CodecBench.Oversampling}x rescored</text>");
        return svg.Append("</svg>\n").ToString();
    }

    private static void Grid(StringBuilder svg, Axes axes)
    {
        for (double bytes = axes.FirstBytes; bytes <= axes.LastBytes * 1.001; bytes *= 2)
        {
            Line(svg, $"<line x1=\"{axes.X(bytes):0.0}\" x2=\"{axes.X(bytes):0.0}\" y1=\"{Top}\" y2=\"{Height - Bottom}\" stroke=\"#ddd\"/><text x=\"{axes.X(bytes):0.0}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{bytes:0}</text>");
        }
        for (int tenth = (int)Math.Round(axes.FirstRecall * 10); tenth <= 10; tenth++)
        {
            double y = axes.Y(tenth / 10.0);
            Line(svg, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y:0.0}\" y2=\"{y:0.0}\" stroke=\"#ddd\"/><text x=\"{Left - 8}\" y=\"{y + 4:0.0}\" text-anchor=\"end\">{tenth / 10.0:0.0}</text>");
        }
        Line(svg, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - Bottom + 34}\" text-anchor=\"middle\">bytes a vector, codebooks and factors counted</text>");
        Line(svg, $"<text x=\"{Left}\" y=\"{Top - 14}\">recall@10</text>");
    }

    private static void Series(StringBuilder svg, IReadOnlyList<CodecTrial> trials, Axes axes, (string Colour, string Shape) style, string? choice)
    {
        foreach ((Func<CodecTrial, SearchTrial> of, string dashes) in (ReadOnlySpan<(Func<CodecTrial, SearchTrial>, string)>)[(t => t.Plain, ""), (t => t.Rescored, " stroke-dasharray=\"4 4\" opacity=\"0.6\"")])
        {
            string points = string.Join(' ', trials.Select(t => string.Create(CultureInfo.InvariantCulture, $"{axes.X(t.BytesAVector):0.0},{axes.Y(of(t).Recall.Value):0.0}")));
            Line(svg, $"<polyline points=\"{points}\" fill=\"none\" stroke=\"{style.Colour}\"{dashes}/>");
        }
        foreach (CodecTrial trial in trials)
        {
            (double x, double y) = (axes.X(trial.BytesAVector), axes.Y(trial.Plain.Recall.Value));
            Line(svg, $"<line x1=\"{x:0.0}\" x2=\"{x:0.0}\" y1=\"{axes.Y(trial.Plain.Recall.Low):0.0}\" y2=\"{axes.Y(trial.Plain.Recall.High):0.0}\" stroke=\"{style.Colour}\"/>");
            Line(svg, $"<g><title>{WebUtility.HtmlEncode(trial.Codec)}: {trial.BytesAVector:0.0} bytes, {trial.Plain.Recall.Value:0.000}, rescored {trial.Rescored.Recall.Value:0.000}</title>");
            Mark(svg, x, y, style, trial.Codec == choice ? 8 : 4);
            Line(svg, $"</g>{(trial.Codec == choice ? string.Create(CultureInfo.InvariantCulture, $"<text x=\"{x + 12:0.0}\" y=\"{y + 4:0.0}\" font-weight=\"bold\">{WebUtility.HtmlEncode(trial.Codec)}</text>") : "")}");
        }
    }

    private static void Mark(StringBuilder svg, double x, double y, (string Colour, string Shape) style, int size) => Line(svg, style.Shape == "circle"
        ? $"<circle cx=\"{x:0.0}\" cy=\"{y:0.0}\" r=\"{size}\" fill=\"{style.Colour}\"/>"
        : (FormattableString)$"<rect x=\"{x - size:0.0}\" y=\"{y - size:0.0}\" width=\"{2 * size}\" height=\"{2 * size}\" fill=\"{style.Colour}\"/>");

    private static void Line(StringBuilder svg, FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    /// <summary>Bytes doubling from left to right, recall from the last tenth below all.</summary>
    private sealed record Axes(double FirstBytes, double LastBytes, double FirstRecall)
    {
        public static Axes Of(IReadOnlyList<CodecTrial> trials) => trials.Count == 0 ? new Axes(1, 2, 0) : new Axes(
            Math.Pow(2, Math.Floor(Math.Log2(trials.Min(t => t.BytesAVector)))), Math.Pow(2, Math.Ceiling(Math.Log2(trials.Max(t => t.BytesAVector)) + 1e-9)), Math.Min(0.9, Math.Floor(10 * trials.Min(t => t.Plain.Recall.Low)) / 10));

        public double X(double bytes) => Left + (Width - Left - Right) * (Math.Log2(bytes) - Math.Log2(FirstBytes)) / (Math.Log2(LastBytes) - Math.Log2(FirstBytes));

        public double Y(double recall) => Height - Bottom - (Height - Top - Bottom) * (recall - FirstRecall) / (1 - FirstRecall);
    }
}

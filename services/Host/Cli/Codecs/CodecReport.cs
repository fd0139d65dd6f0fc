using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Retrieval.Vectors.Advisor;
using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary>What was measured, and what is recommended.</summary>
/// <param name="About">Where vectors and queries come from.</param>
/// <param name="Measured">How many of them.</param>
/// <param name="Codecs">Fewest bytes first.</param>
/// <param name="Refused">Codecs that these vectors cannot have.</param>
/// <param name="Choice">The codec that is recommended; missing when none does what is asked.</param>
/// <param name="Reason">Why.</param>
internal sealed record BenchAnswer(string About, BenchAnswer.Data Measured, IReadOnlyList<CodecTrial> Codecs, IReadOnlyList<CodecRefusal> Refused, string? Choice, string Reason)
{
    /// <param name="Total">Vectors that there are.</param>
    /// <param name="Vectors">Measured.</param>
    /// <param name="Dimensions">Numbers in one.</param>
    /// <param name="Queries">Asked.</param>
    /// <param name="Seed">Of sample, queries and training.</param>
    internal sealed record Data(long Total, int Vectors, int Dimensions, int Queries, int Seed);
}

/// <summary>The answer on a terminal of 80 columns, or as JSON.</summary>
internal static class CodecReport
{
    public static void Print(BenchAnswer answer, bool json)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(answer, BenchJson.Default.BenchAnswer));
            return;
        }
        IAnsiConsole console = Terminal.Answers;
        console.WriteLine($"{answer.About}; {answer.Measured.Queries} queries, {answer.Measured.Dimensions} dimensions, seed {answer.Measured.Seed}.");
        console.WriteLine();
        console.Write(Table(answer));
        foreach (CodecRefusal refusal in answer.Refused)
        {
            Terminal.Remarks.WriteLine($"not measured: {refusal.Codec}: {refusal.Reason}");
        }
        console.WriteLine();
        console.WriteLine(answer.Choice is { } choice ? $"Take {choice}: {answer.Reason}." : answer.Reason);
    }

    private static Table Table(BenchAnswer answer)
    {
        Table table = new Table().Border(TableBorder.None).AddColumn(new TableColumn("codec").NoWrap());
        foreach (string column in (string[])["bytes", "recall@10", "ms", $"{CodecBench.Oversampling}x rescored", "ms", "code µs"])
        {
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        }
        foreach (CodecTrial trial in answer.Codecs)
        {
            table.AddRow(new[]
            {
                (trial.Codec == answer.Choice ? "*" : " ") + trial.Codec, Figure(trial.BytesAVector), Recall(trial.Plain), Figure(trial.Plain.QueryMilliseconds), Recall(trial.Rescored), Figure(trial.Rescored.QueryMilliseconds), Figure(trial.EncodeMicroseconds),
            }.Select(cell => new Text(cell)).ToArray());
        }
        return table;
    }

    private static string Recall(SearchTrial trial) => Invariant($"{trial.Recall.Value:0.000} ±{(trial.Recall.High - trial.Recall.Low) / 2:.000}");

    private static string Figure(double value) => value.ToString(value >= 100 ? "0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BenchAnswer))]
[JsonSerializable(typeof(SwitchAnswer))]
internal sealed partial class BenchJson : JsonSerializerContext;

using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Encoder;
using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary><c>retrieval model align</c>.</summary>
internal static class ModelAlignCommand
{
    private const double UsualLeastRecall = 0.5;

    public static Command Create(CommonOptions common)
    {
        Option<string> teacher = new("--teacher") { Description = "Folder of the model that encodes documents", HelpName = "folder", Required = true };
        Option<string> student = new("--student") { Description = "Folder of the model that shall encode queries", HelpName = "folder", Required = true };
        Option<string> texts = new("--texts") { Description = "Your own texts: one a line, or NDJSON with a field text; some thousands are good", HelpName = "file", Required = true };
        Option<string> output = new("--output") { Description = "Folder to write: retrieval.json of the pair, and the aligned student", HelpName = "folder", Required = true };
        Option<MapKind> map = new("--map") { Description = "Ridge, procrustes, the better of both (best), or none for a student that was trained for the teacher's space", HelpName = "kind", DefaultValueFactory = _ => MapKind.Best };
        Option<double> least = new("--least-recall") { Description = "Recall kept from which on the pair is written, lower end of the interval", HelpName = "0 to 1", DefaultValueFactory = _ => UsualLeastRecall };
        Command command = new("align", $"""
            Let one model encode the queries of another's documents: fit a map between them on your texts, measure on a fifth of them that is held out what it keeps, and write the pair.
            Recall kept is the share of the teacher's {PairMeasure.Depth} nearest texts that the student finds. A pair below --least-recall is not written, with exit code {ExitCodes.Conflict}.
            """) { teacher, student, texts, output, map, least };
        HelpExamples.Add(command, "retrieval model align --teacher ./models/bge-small-en-v1.5 --student ./models/all-MiniLM-L6-v2 --texts ./notes.txt --output ./pair", "retrieval serve --Encoder:Models:0:Path ./pair");
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            IReadOnlyList<string> read = TextsFile.Read(parsed.GetValue(texts)!);
            AlignmentRequest request = new(parsed.GetValue(teacher)!, parsed.GetValue(student)!, read, parsed.GetValue(map), parsed.GetValue(least), parsed.GetValue(output)!);
            AlignmentReport? report = null;
            await Progress.RunAsync(Terminal.Remarks, "Encoding", "texts", 2 * read.Count, async step =>
                report = await PairAlignment.RunAsync(request, common.Load(parsed).Encoder, step, NullLogger.Instance, cancellationToken));
            return Print(report!, request, common.IsJson(parsed));
        });
        return command;
    }

    private static int Print(AlignmentReport report, AlignmentRequest request, bool json)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(new AlignmentAnswer(report.Folder, [.. report.Maps.Select(m => new AlignmentAnswer.Tried(m.Kind, m.Penalty, m.Measure))]), AlignmentJson.Default.AlignmentAnswer));
        }
        else
        {
            Table table = new Table().AddColumns("map", "held-out texts", "cosine to the teacher", "recall@10 kept");
            foreach (AlignedMap map in report.Maps)
            {
                table.AddRow($"{map.Kind}".ToLowerInvariant() + (map.Penalty is { } penalty ? string.Create(CultureInfo.InvariantCulture, $" (penalty {penalty})") : ""), $"{map.Measure.Texts}", Interval(map.Measure.Cosine), Interval(map.Measure.RecallKept));
            }
            Terminal.Answers.Write(table);
            Terminal.Answers.WriteLine(report.Folder is null
                ? string.Create(CultureInfo.InvariantCulture, $"Not written: recall kept begins at {report.Maps[0].Measure.RecallKept.Low:F3}, and --least-recall is {request.LeastRecall}. Give more texts, a closer student, or accept less.")
                : $"Written to {report.Folder}. Serve it with --Encoder:Models:0:Path {report.Folder}: documents by the teacher, queries by the student.");
        }
        return report.Folder is null ? ExitCodes.Conflict : ExitCodes.Success;
    }

    private static string Interval(MeanInterval interval) => string.Create(CultureInfo.InvariantCulture, $"{interval.Value:F3} ({interval.Low:F3} to {interval.High:F3})");
}

/// <summary>The answer as JSON.</summary>
internal sealed record AlignmentAnswer(string? Folder, IReadOnlyList<AlignmentAnswer.Tried> Maps)
{
    internal sealed record Tried(MapKind Map, double? Penalty, PairMeasure Measured);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(AlignmentAnswer))]
internal sealed partial class AlignmentJson : JsonSerializerContext;

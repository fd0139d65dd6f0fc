using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Encoder;
using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary><c>retrieval model tiers</c>.</summary>
internal static class ModelTiersCommand
{
    private const double UsualLeastRecall = 0.5;
    private const string UsualDense = "exits/layer_{n}.safetensors";

    public static Command Create(CommonOptions common)
    {
        Option<string> model = new("--model") { Description = "Folder of the model; with a retrieval.json, tiers are added to it", HelpName = "folder", Required = true };
        Option<string> texts = new("--texts") { Description = "Your own texts: one a line, or NDJSON with a field text; some hundreds are good", HelpName = "file", Required = true };
        Option<int[]> layers = new("--layer") { Description = "Layer after which a query may leave the model; may be repeated", HelpName = "n" };
        Option<int[]> dims = new("--dims") { Description = "First numbers of a vector that may be kept (Matryoshka), at each depth; such a tier is for vectors that the client compares itself; may be repeated", HelpName = "n" };
        Option<string> dense = new("--dense") { Description = "Dense layer that was trained for an exit, {n} for its layer; left out where there is no such file in the model's folder", HelpName = "file", DefaultValueFactory = _ => UsualDense };
        Option<double> least = new("--least-recall") { Description = "Recall kept from which on a tier is admitted, lower end of the interval", HelpName = "0 to 1", DefaultValueFactory = _ => UsualLeastRecall };
        Option<string?> output = new("--output") { Description = "Folder that gets retrieval.json; default: the model's", HelpName = "folder" };
        Command command = new("tiers", $"""
            Let queries leave a model early when it is busy, or when a request says so: measure on your texts what each exit keeps of the full depth, and admit those that keep enough.
            Recall kept is the share of the full depth's {PairMeasure.Depth} nearest texts that the tier finds. Documents always take the full depth. Without an admitted tier nothing is written, with exit code {ExitCodes.Conflict}.
            """) { model, texts, layers, dims, dense, least, output };
        HelpExamples.Add(command, "retrieval model tiers --model ./models/all-MiniLM-L6-v2 --layer 5 --layer 4 --texts ./notes.txt --least-recall 0.2 --output ./tiered", "retrieval serve --Encoder:Models:0:Path ./tiered");
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            TierRequest request = new(parsed.GetValue(model)!, TextsFile.Read(parsed.GetValue(texts)!), parsed.GetValue(layers) ?? [], parsed.GetValue(dims) ?? [], parsed.GetValue(dense)!)
            {
                LeastRecall = parsed.GetValue(least), Output = parsed.GetValue(output),
            };
            TierReport? report = null;
            await Progress.RunAsync(Terminal.Remarks, "Encoding", "texts", (2 + request.Layers.Distinct().Count()) * request.Texts.Count, async step =>
                report = await Task.Run(() => TierMeasuring.Run(request, common.Load(parsed).Encoder, step, NullLogger.Instance, cancellationToken), cancellationToken));
            return Print(report!, request, common.IsJson(parsed));
        });
        return command;
    }

    private static int Print(TierReport report, TierRequest request, bool json)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(report, TierJson.Default.TierReport));
        }
        else
        {
            Table table = new Table().AddColumns("tier", "texts", $"cosine to {report.Full}", "recall@10 kept", "time", "admitted");
            foreach (MeasuredTier tier in report.Tiers)
            {
                table.AddRow(tier.Name, $"{tier.Measure.Texts}", Interval(tier.Measure.Cosine), Interval(tier.Measure.RecallKept), tier.Time.ToString("0.00", CultureInfo.InvariantCulture), tier.IsAdmitted ? "yes" : "no");
            }
            Terminal.Answers.Write(table);
            Terminal.Answers.WriteLine(report.File is null
                ? string.Create(CultureInfo.InvariantCulture, $"Not written: no tier keeps {request.LeastRecall} of the recall (--least-recall). Leave later, or accept less.")
                : $"Written to {report.File}. A request names a tier with 'tier'; without, load goes down the list from {report.Full} on, over tiers of all dimensions.");
        }
        return report.File is null ? ExitCodes.Conflict : ExitCodes.Success;
    }

    private static string Interval(MeanInterval interval) => string.Create(CultureInfo.InvariantCulture, $"{interval.Value:F3} ({interval.Low:F3} to {interval.High:F3})");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TierReport))]
internal sealed partial class TierJson : JsonSerializerContext;

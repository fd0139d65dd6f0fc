using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Encoder;
using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary><c>retrieval model tune</c>.</summary>
internal static class ModelTuneCommand
{
    public static Command Create(CommonOptions common)
    {
        Option<string> model = new("--model") { Description = "Folder of the model", HelpName = "folder", Required = true };
        Option<string> data = new("--data") { Description = "Your own judged data: a folder with corpus.jsonl, queries.jsonl and qrels.tsv, or a .tsv file of score, first and second sentence", HelpName = "path", Required = true };
        Option<string?> output = new("--output") { Description = "Folder that gets retrieval.json; default: the model's", HelpName = "folder" };
        Option<string?> placeholder = new("--placeholder") { Description = "For Token Prepending: an added token of the model's tokenizer that no text contains; default: the first that it does not put around every text", HelpName = "token" };
        Command command = new("tune", $"""
            Sweep the attention's temperature on your own judged data, and on causal decoders prompts with Token Prepending and without. The best is chosen on one half of it, and its gain measured on the other, with a paired bootstrap interval.
            retrieval.json is written only when the whole interval is above 0; otherwise the exit code is {ExitCodes.Conflict}.
            """) { model, data, output, placeholder };
        HelpExamples.Add(command, "retrieval model tune --model ./models/bge-small-en-v1.5 --data ./judged", "retrieval model tune --model ./models/bge-small-en-v1.5 --data ./pairs.tsv --output ./tuned");
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            TuningData read = TuningData.Read(parsed.GetValue(data)!);
            string folder = parsed.GetValue(model)!;
            TuningSweep sweep = TuningSweep.Of(folder, parsed.GetValue(placeholder));
            TuningReport? report = null;
            await Progress.RunAsync(Terminal.Remarks, "Encoding", "texts", sweep.Count * read.Texts, async step =>
                report = await ModelTuning.RunAsync(folder, read, sweep, parsed.GetValue(output) ?? folder, common.Load(parsed).Encoder, step, NullLogger.Instance, cancellationToken));
            return Print(report!, common.IsJson(parsed));
        });
        return command;
    }

    private static int Print(TuningReport report, bool json)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(report, TuningJson.Default.TuningReport));
        }
        else
        {
            Table table = new Table().AddColumns("setting", $"{report.Measure}, half it is chosen on", $"{report.Measure}, other half");
            foreach (TunedSetting setting in report.Settings)
            {
                table.AddRow(setting.Name + (setting == report.Best ? " *" : ""), Figure(setting.Chosen), Figure(setting.Held));
            }
            Terminal.Answers.Write(table);
            report.Refused.ToList().ForEach(r => Terminal.Remarks.WriteLine($"does not apply: {r}"));
            Terminal.Answers.WriteLine($"Gain of '{report.Best.Name}' on the other half: {Figure(report.Gain.Value)} ({Figure(report.Gain.Low)} to {Figure(report.Gain.High)}). "
                + (report.File is null ? "Not significant, so that nothing is written: keep the model as it is, or judge more data." : $"Written to {report.File}."));
        }
        return report.File is null ? ExitCodes.Conflict : ExitCodes.Success;
    }

    private static string Figure(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TuningReport))]
internal sealed partial class TuningJson : JsonSerializerContext;

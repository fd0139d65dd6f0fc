using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Retrieval.Encoder;
using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary><c>retrieval model inspect</c>.</summary>
internal static class ModelInspectCommand
{
    public static Command Create(CommonOptions common)
    {
        Argument<string> folder = new("folder") { Description = "Folder of the model, or an ONNX file" };
        Command command = new("inspect", "Show what the upgrade compiler recognises in a model: architecture, layers, masks, positions, and which passes apply and which not and why.") { folder };
        HelpExamples.Add(command, "retrieval model inspect ./models/bge-small-en-v1.5", "retrieval model inspect ./models/bge-small-en-v1.5 --json");
        command.SetAction(parsed =>
        {
            ModelInspection inspection = ModelInspection.Of(parsed.GetValue(folder)!);
            if (common.IsJson(parsed))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(inspection, ModelInspectionJson.Default.ModelInspection));
            }
            else
            {
                Print(Terminal.Answers, inspection);
            }
            return ExitCodes.Success;
        });
        return command;
    }

    private static void Print(IAnsiConsole console, ModelInspection model)
    {
        Table facts = new Table().Border(TableBorder.Simple).HideHeaders().AddColumn("").AddColumn("");
        Row(facts, "file", $"{model.File}, operator set {model.Opset}{(model.Producer.Length == 0 ? "" : $", by {model.Producer}")}");
        Row(facts, "architecture", $"{model.Family}, {model.Layers.Count} layers, hidden size {model.HiddenSize?.ToString(CultureInfo.InvariantCulture) ?? "unknown"}");
        Row(facts, "attention", model.Attention);
        Row(facts, "a token sees", model.Sees ?? "unknown");
        Row(facts, "positions", model.Positions.Count == 0 ? "none found" : string.Join(", ", model.Positions));
        Row(facts, "padding", model.Padding);
        Row(facts, "token vectors", model.Output ?? "no output has them");
        console.Write(facts);
        Table layers = new Table().Border(TableBorder.Simple).AddColumns("layer", "heads", "scale", "normalises", "masks", "hidden state in", "scores");
        foreach (InspectedLayer layer in model.Layers)
        {
            Row(layers, layer.Layer.ToString(CultureInfo.InvariantCulture), layer.Heads, layer.Scale?.ToString("F4", CultureInfo.InvariantCulture) ?? "?", layer.Norm,
                layer.Masks.Count == 0 ? "none" : string.Join("; ", layer.Masks), layer.HiddenIn ?? "?", layer.Scores ?? "inside the operator");
        }
        console.Write(layers);
        foreach (string unproven in model.Layers.SelectMany(l => l.Unproven.Select(u => $"layer {l.Layer}: {u}")))
        {
            console.MarkupLineInterpolated($"[yellow]unproven[/] {unproven}");
        }
        Table passes = new Table().Border(TableBorder.Simple).AddColumns("pass", "tried as", "applies");
        foreach (InspectedPass pass in model.Passes)
        {
            passes.AddRow(new Text(pass.What), new Text(pass.Pass), pass.WhyNot is null ? new Markup("[green]yes[/]") : new Text($"no: {pass.WhyNot}"));
        }
        console.Write(passes);
    }

    private static void Row(Table table, params string[] cells) => table.AddRow(cells.Select(c => new Text(c)));
}

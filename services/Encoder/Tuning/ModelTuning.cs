using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>A setting and what it gives.</summary>
/// <param name="Name">For people, such as <c>temperature 0.9</c>.</param>
/// <param name="Upgrade">Fields that go into retrieval.json, as JSON; an empty object for the model as it is.</param>
/// <param name="Chosen">Figure on the half of the items that the choice was made on.</param>
/// <param name="Held">Figure on the other half.</param>
public sealed record TunedSetting(string Name, string Upgrade, double Chosen, double Held);

/// <summary>What came of it.</summary>
/// <param name="Measure">What was measured.</param>
/// <param name="Settings">The model as it is first, then in the order of the sweep.</param>
/// <param name="Best">The best of the half that the choice was made on.</param>
/// <param name="Gain">Of the best over the model as it is, on the other half; by paired bootstrap.</param>
/// <param name="Refused">Settings that do not apply to the model, with the reason.</param>
/// <param name="File">retrieval.json that was written; null when the gain is not significant.</param>
public sealed record TuningReport(string Measure, IReadOnlyList<TunedSetting> Settings, TunedSetting Best, MeanInterval Gain, IReadOnlyList<string> Refused, string? File);

/// <summary>
/// Sweeps settings that need no training on the user's own judged data. The best of many settings on the same items looks better than it is: it is
/// chosen on one half of the items, and the gain is measured on the other.
/// </summary>
public static class ModelTuning
{
    /// <summary>Fewer items can show no gain that such a setting gives.</summary>
    public const int FewestItems = 40;

    private const int Seed = 23;

    /// <summary>Runs.</summary>
    /// <param name="model">A model's folder without a retrieval.json of its own.</param>
    /// <param name="data">Judged.</param>
    /// <param name="sweep">What to try on it.</param>
    /// <param name="output">Folder that gets retrieval.json.</param>
    /// <param name="encoder">Provider and threads.</param>
    /// <param name="encoded">Called once a text and setting.</param>
    /// <param name="logger">Of the models.</param>
    /// <param name="cancellationToken">Ends it; nothing is left behind.</param>
    /// <exception cref="RetrievalException">Invalid: too few items, or a model that is upgraded already. Conflict: the output has a retrieval.json.</exception>
    public static async Task<TuningReport> RunAsync(string model, TuningData data, TuningSweep sweep, string output, EncoderOptions encoder, Action encoded, ILogger logger, CancellationToken cancellationToken)
    {
        Require(model, data, output);
        string work = Directory.CreateTempSubdirectory("retrieval-tune-").FullName;
        try
        {
            (int[] chooseOn, int[] measureOn) = Halves(data.Items);
            List<(TunedSetting Setting, Func<int[], double> Figure)> tried = [];
            List<string> refused = [.. sweep.Refused];
            foreach ((string name, string upgrade) in sweep.Settings)
            {
                (LocalEncoder? opened, string reason) = await TryAsync(model, upgrade, work, encoder, logger, cancellationToken).ConfigureAwait(false);
                using LocalEncoder? one = opened;
                if (one is null)
                {
                    refused.Add($"{name}: {reason}");
                    continue;
                }
                Func<int[], double> figure = await data.EvaluateAsync(one, encoded, cancellationToken).ConfigureAwait(false);
                tried.Add((new TunedSetting(name, upgrade, figure(chooseOn), figure(measureOn)), figure));
            }
            (TunedSetting Setting, Func<int[], double> Figure) plain = tried[0], best = tried.MaxBy(t => t.Setting.Chosen);
            MeanInterval gain = Bootstrap.Of(measureOn.Length, draw => Difference(best.Figure, plain.Figure, [.. draw.Select(i => measureOn[i])]), Seed);
            return new TuningReport(data.Measure, [.. tried.Select(t => t.Setting)], best.Setting, gain, refused, gain.Low > 0 ? Write(model, best.Setting, gain, output) : null);
        }
        finally
        {
            Directory.Delete(work, true);
        }
    }

    private static double Difference(Func<int[], double> a, Func<int[], double> b, int[] items) => a(items) - b(items);

    private static void Require(string model, TuningData data, string output)
    {
        RetrievalFile file = RetrievalFile.Read(model);
        if (file.Passes.Count > 0 || file.Queries.Count > 0 || file.Dimensions is not null || file.Template is not null)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{file.File} upgrades the model already.", "--model", model, help: "Name the folder of the model without it.");
        }
        if (data.Items < FewestItems)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{data.Items} judged items are too few to choose by and to measure on.", "--data", $"{data.Items}", $"at least {FewestItems}; some hundreds are good");
        }
        if (File.Exists(Path.Combine(output, RetrievalFile.Name)))
        {
            throw new RetrievalException(ErrorKind.Conflict, $"{Path.Combine(output, RetrievalFile.Name)} is there already.", "--output", output, help: "Name another folder, or remove the file.");
        }
    }

    /// <summary>The model with a setting, opened as it would be served; or why the setting does not apply. What does not open as it is, is an error.</summary>
    private static async Task<(LocalEncoder? Encoder, string Reason)> TryAsync(string model, string upgrade, string work, EncoderOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        string folder = Directory.CreateDirectory(Path.Combine(work, "model")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, RetrievalFile.Name), Json(Path.GetFullPath(model), upgrade), cancellationToken).ConfigureAwait(false);
        try
        {
            return (LocalEncoder.Load(new EncoderOptions
            {
                Models = [new ModelOptions { Path = folder }], Provider = options.Provider, Threads = options.Threads, BatchTokens = options.BatchTokens, QueueTokens = options.QueueTokens, CompiledFolder = Path.Combine(work, "compiled"), CacheBytes = 0, Calibrate = false,
            }, logger), "");
        }
        catch (RetrievalException e) when (upgrade != TuningSweep.Nothing && e.InnerException is Onnx.PassRefusedException or ModelFormatException)
        {
            return (null, e.InnerException is Onnx.PassRefusedException refused ? refused.Reason : e.InnerException!.Message);
        }
    }

    private static string Write(string model, TunedSetting best, MeanInterval gain, string output)
    {
        Directory.CreateDirectory(output);
        string file = Path.Combine(output, RetrievalFile.Name), partial = file + ".partial";
        File.WriteAllText(partial, Json(Path.GetRelativePath(Path.GetFullPath(output), Path.GetFullPath(model)), best.Upgrade) + "\n");
        File.Move(partial, file, overwrite: false);
        return file;
    }

    private static string Json(string model, string upgrade)
    {
        JsonObject json = new() { ["version"] = RetrievalFile.Version, ["model"] = model };
        foreach ((string field, JsonNode? value) in JsonNode.Parse(upgrade)!.AsObject())
        {
            json[field] = value?.DeepClone();
        }
        return json.ToJsonString(Written);
    }

    // Prompts are read by people: quotes stay as they are typed.
    private static JsonSerializerOptions Written { get; } = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static (int[] First, int[] Second) Halves(int items)
    {
        int[] order = [.. Enumerable.Range(0, items)];
        new Random(Seed).Shuffle(order);
        return (order[..(items / 2)], order[(items / 2)..]);
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Retrieval.Contracts;
using Retrieval.Onnx;

namespace Retrieval.Encoder;

/// <summary>The retrieval.json that tiers are written into: a new one, or the model's own with more entries.</summary>
internal sealed class TierFile
{
    private readonly string _path, _modelFolder, _dense;
    private readonly JsonObject _root;
    private readonly JsonArray _queries;
    private readonly JsonObject? _default;

    private TierFile(string path, ModelPlan plan, JsonObject root, string dense)
    {
        (_path, _root, _modelFolder, _dense) = (path, root, plan.Folder.Path, dense);
        _queries = root["queries"] as JsonArray ?? [];
        _default = plan.File.Queries.Count > 0 ? _queries[plan.File.Default]!.AsObject() : null;
        Layers = plan.File.Passes.LastOrDefault(p => p.Layer is not null)?.Layer ?? TransformerGraph.Analyze(OnnxModel.Read(plan.Folder.Graph)).Layers.Count;
        Template = plan.File.Queries.Count > 0 ? plan.File.Queries[plan.File.Default].Template : null;
    }

    /// <summary>Layers of the full depth.</summary>
    public int Layers { get; }

    /// <summary>Name of the full depth.</summary>
    public string Full => $"L{Layers}";

    /// <summary>Around a query, as the default variant has it: a tier stands in for it. Null: as the model says.</summary>
    public TextTemplate? Template { get; }

    /// <summary>Reads what is there, and makes sure that the tiers may be added.</summary>
    /// <exception cref="RetrievalException">Invalid: a layer that there is not, or another folder than that of the file. Conflict: a name is taken.</exception>
    public static TierFile Of(ModelPlan plan, TierRequest request)
    {
        string own = plan.File.File, path = request.Output is { } output ? Path.Combine(Path.GetFullPath(output), RetrievalFile.Name) : own;
        if (path != own && (File.Exists(own) || File.Exists(path)))
        {
            throw new RetrievalException(ErrorKind.Conflict, $"{(File.Exists(path) ? path : own)} is there already.", "--output", request.Output, help: File.Exists(own) ? "Leave --output out: the tiers are added to the model's own file." : "Name another folder.");
        }
        JsonObject root = File.Exists(own) ? JsonNode.Parse(File.ReadAllBytes(own))!.AsObject() : new JsonObject { ["version"] = RetrievalFile.Version };
        if (path != own)
        {
            root["model"] = Path.GetRelativePath(Path.GetDirectoryName(path)!, plan.File.Model);
        }
        TierFile file = new(path, plan, root, request.Dense);
        file.Require(plan, request);
        return file;
    }

    /// <summary>A tier that was not measured yet.</summary>
    public QueryVariant Variant(int? layer, int? dimensions) => new(Name(layer, dimensions), Template)
    {
        Passes = layer is { } n ? [UpgradePass.Read(StrictObject.Of(_path, JsonSerializer.SerializeToElement(Exit(n))), Path.GetDirectoryName(_path)!)] : [], Dimensions = dimensions,
    };

    /// <summary>Admits one.</summary>
    public void Add(QueryVariant variant, AdmittedVariant measured)
    {
        if (_queries.Count == 0)
        {
            _queries.Add(new JsonObject { ["name"] = Full });
        }
        JsonObject entry = new() { ["name"] = variant.Name };
        foreach (string field in (ReadOnlySpan<string>)["prompt", "template"])
        {
            if (_default?[field] is { } value)
            {
                entry[field] = value.DeepClone();
            }
        }
        if (variant.Layer is { } layer)
        {
            entry["passes"] = new JsonArray(Exit(layer));
        }
        if (variant.Dimensions is { } dimensions)
        {
            entry["dimensions"] = dimensions;
        }
        entry["measured"] = measured.ToJson();
        _queries.Add(entry);
    }

    /// <summary>Writes the file, under another name first.</summary>
    public string Write()
    {
        if (_queries.Parent is null)
        {
            _root["queries"] = _queries;
        }
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        File.WriteAllText(_path + ".partial", _root.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        File.Move(_path + ".partial", _path, overwrite: true);
        return _path;
    }

    private string Name(int? layer, int? dimensions) => $"L{layer ?? Layers}{(dimensions is null ? "" : $"xD{dimensions}")}";

    private JsonObject Exit(int layer)
    {
        JsonObject pass = new() { ["pass"] = "exit", ["layer"] = layer };
        string dense = Path.Combine(_modelFolder, _dense.Replace("{n}", $"{layer}", StringComparison.Ordinal));
        if (File.Exists(dense))
        {
            pass["dense"] = Path.GetRelativePath(Path.GetDirectoryName(_path)!, dense);
        }
        return pass;
    }

    private void Require(ModelPlan plan, TierRequest request)
    {
        if (request.Layers.Where(l => l < 1 || l >= Layers).Select(l => (int?)l).FirstOrDefault() is { } beyond)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"A tier cannot leave after layer {beyond}: the model has {Layers}.", "--layer", $"{beyond}", $"1 to {Layers - 1}");
        }
        if (request.Layers.Count == 0 && request.Dimensions.Count == 0)
        {
            throw new RetrievalException(ErrorKind.Invalid, "No tier is named.", "--layer", null, $"1 to {Layers - 1}", "Give a --layer, or --dims.");
        }
        string[] taken = [.. plan.File.Queries.Select(q => q.Name)];
        foreach (int? layer in request.Layers.Select(l => (int?)l).DefaultIfEmpty(null))
        {
            foreach (int? kept in request.Dimensions.Select(d => (int?)d).Append(null))
            {
                if (taken.Contains(Name(layer, kept)) && (layer, kept) != (null, null))
                {
                    throw new RetrievalException(ErrorKind.Conflict, $"{_path} has a query variant '{Name(layer, kept)}' already.", "--layer", Name(layer, kept), help: "Remove that entry to measure it again.");
                }
            }
        }
    }
}

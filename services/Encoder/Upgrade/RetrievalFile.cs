using Retrieval.Onnx;

namespace Retrieval.Encoder;

/// <summary>
/// retrieval.json beside a model: the upgrade of its graph, and who encodes the queries of its space. Read strictly, since a misspelt pass
/// would be a silent one.
/// </summary>
internal sealed record RetrievalFile
{
    /// <summary>Its name in a model's folder.</summary>
    public const string Name = "retrieval.json";

    /// <summary>Version of the format that is read.</summary>
    public const int Version = 1;

    private static readonly Dictionary<string, InstructionMask> Instructions = new() { ["official"] = InstructionMask.Official, ["strict"] = InstructionMask.Strict };

    /// <summary>Full path of the file; where there is none, of where it would be.</summary>
    public required string File { get; init; }

    /// <summary>Folder of the model that encodes documents, and queries unless a variant says another.</summary>
    public required string Model { get; init; }

    /// <summary>Passes over its graph, in order.</summary>
    public required IReadOnlyList<UpgradePass> Passes { get; init; }

    /// <summary>Which tokens of a prompt are left out of the mean (NV-Embed).</summary>
    public InstructionMask Instruction { get; init; }

    /// <summary>The first numbers of a vector that are kept; null: all.</summary>
    public required int? Dimensions { get; init; }

    /// <summary>Around every text, documents and queries alike, in place of the folder's prompts; a variant may have its own for queries. Null: as the folder says.</summary>
    public TextTemplate? Template { get; init; }

    /// <summary>How queries may be encoded. From the default on, load goes down this list over those that were measured; none: as the folder says.</summary>
    public IReadOnlyList<QueryVariant> Queries { get; init; } = [];

    /// <summary>Index of the variant that encodes a query when neither the request nor load says another.</summary>
    public int Default { get; init; }

    /// <summary>Reads a folder's file; a folder without one is served as it is.</summary>
    /// <exception cref="ModelFormatException">File, JSON path, value and what may be there.</exception>
    public static RetrievalFile Read(string folder)
    {
        string file = Path.Combine(Path.GetFullPath(folder), Name);
        if (!System.IO.File.Exists(file))
        {
            return new RetrievalFile { File = file, Model = folder, Passes = [], Dimensions = null };
        }
        StrictObject json = StrictObject.Read(file);
        int version = json.Required(json.Whole("version", 0, int.MaxValue), "version");
        if (version != Version)
        {
            throw json.Wrong("version", $"is {version}; {Version} is read. Take the version of the program that wrote it");
        }
        RetrievalFile read = new()
        {
            File = file,
            Model = Folder(folder, json.Text("model")),
            Passes = [.. json.Objects("passes").Select(p => UpgradePass.Read(p, Path.GetFullPath(folder)))],
            Instruction = json.Choice("instruction", Instructions) ?? InstructionMask.None,
            Dimensions = json.Whole("dimensions", 1, 1_000_000),
            Template = json.Text("template") is not { } template ? null : TextTemplate.Of(template) ?? throw json.Wrong("template", $"is '{template}', in which {TextTemplate.Text} does not stand once"),
            Queries = Variants(json, folder),
        };
        read = read with { Default = DefaultOf(json, read.Queries) };
        json.End();
        return read.Passes.SkipLast(1).Any(p => p.IsInt8) ? throw json.Wrong("passes", "quantise before another pass. Put int8 last") : read;
    }

    private static QueryVariant[] Variants(StrictObject json, string folder)
    {
        QueryVariant[] variants = [.. json.Objects("queries").Select(q => QueryVariant.Read(q, folder))];
        return variants.GroupBy(v => v.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } same
            ? throw json.Wrong("queries", $"has {same.Count()} variants of the name '{same.Key}'. Requests name one: give each a name of its own") : variants;
    }

    private static int DefaultOf(StrictObject json, IReadOnlyList<QueryVariant> variants)
    {
        string? name = json.Text("default");
        int index = name is null ? 0 : variants.Select(v => v.Name).ToList().IndexOf(name);
        return index >= 0 ? index : throw json.Wrong("default", $"is '{name}', which is none of the query variants {string.Join(", ", variants.Select(v => v.Name))}");
    }

    internal static string Folder(string folder, string? path) => Path.GetFullPath(Path.Combine(folder, path ?? "."));
}

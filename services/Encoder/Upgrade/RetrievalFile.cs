using Retrieval.Contracts;
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

    /// <summary>Folder of the model that encodes documents, and queries unless <see cref="Queries"/> says another.</summary>
    public required string Model { get; init; }

    /// <summary>Passes over its graph, in order.</summary>
    public required IReadOnlyList<UpgradePass> Passes { get; init; }

    /// <summary>Which tokens of a prompt are left out of the mean (NV-Embed).</summary>
    public InstructionMask Instruction { get; init; }

    /// <summary>The first numbers of a vector that are kept; null: all.</summary>
    public required int? Dimensions { get; init; }

    /// <summary>How queries are encoded; null: as the folder says.</summary>
    public required QueryVariant? Queries { get; init; }

    /// <summary>Reads a folder's file; a folder without one is served as it is.</summary>
    /// <exception cref="ModelFormatException">File, JSON path, value and what may be there.</exception>
    public static RetrievalFile Read(string folder)
    {
        string file = Path.Combine(Path.GetFullPath(folder), Name);
        if (!System.IO.File.Exists(file))
        {
            return new RetrievalFile { File = file, Model = folder, Passes = [], Dimensions = null, Queries = null };
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
            Queries = json.Objects("queries") switch
            {
                [] => null,
                [var one] => QueryVariant.Read(one, folder),
                var more => throw json.Wrong("queries", $"lists {more.Count} variants; one is served. Keep the one to serve"),
            },
        };
        json.End();
        return read.Passes.SkipLast(1).Any(p => p.IsInt8) ? throw json.Wrong("passes", "quantise before another pass. Put int8 last") : read;
    }

    internal static string Folder(string folder, string? path) => Path.GetFullPath(Path.Combine(folder, path ?? "."));
}

/// <summary>How the queries of a space are encoded.</summary>
/// <param name="Name">For logs.</param>
/// <param name="Model">Folder of another model that answers in this space; null: the same model.</param>
/// <param name="Prompt">Before each query; null: as the folder says.</param>
/// <param name="Measured">What admits another model.</param>
internal sealed record QueryVariant(string Name, string? Model, string? Prompt, AdmittedPair? Measured)
{
    public static QueryVariant Read(StrictObject json, string folder)
    {
        QueryVariant variant = new(json.Required(json.Text("name"), "name"), json.Text("model") is { } model ? RetrievalFile.Folder(folder, model) : null, json.Text("prompt"), AdmittedPair.Read(json.Object("measured")));
        json.End();
        return variant.Model is null || variant.Measured is not null ? variant
            : throw json.Wrong("measured", $"is missing: another model is admitted to a space by what was measured. Write this file with 'retrieval model align --teacher A --student B --texts F --output PAIR' (--map none for a student that was trained for the space)");
    }
}

/// <summary>The measurement that admits a student to a teacher's space.</summary>
/// <param name="Documents">Id of the teacher's space.</param>
/// <param name="Queries">Id of the space of the student's own vectors: its weights and what follows them.</param>
/// <param name="Measure">On texts that nothing was fitted to.</param>
internal sealed record AdmittedPair(string Documents, string Queries, PairMeasure Measure)
{
    public static AdmittedPair? Read(StrictObject? json)
    {
        if (json is null)
        {
            return null;
        }
        AdmittedPair pair = new(json.Required(json.Text("documents"), "documents"), json.Required(json.Text("queries"), "queries"), new PairMeasure(
            json.Required(json.Whole("texts", 1, int.MaxValue), "texts"), Interval(json, "cosine"), Interval(json, "recallKept")));
        json.End();
        return pair;
    }

    private static MeanInterval Interval(StrictObject json, string field)
    {
        StrictObject interval = json.Required(json.Object(field), field);
        double Number(string name) => interval.Required(interval.Number(name, -1, 1), name);
        MeanInterval read = new(Number("mean"), Number("low"), Number("high"));
        interval.End();
        return read;
    }

    /// <summary>Refuses bytes other than the measured ones.</summary>
    public void Require(string file, VectorSpace documents, VectorSpace queries)
    {
        if ((documents.Id, queries.Id) != (Documents, Queries))
        {
            throw new ModelFormatException(file, $"was measured for documents of space {Documents} and queries of {Queries}, but the models give {documents.Id} and {queries.Id}: weights, tokenizer or modules changed. Measure again with 'retrieval model align'.");
        }
    }
}

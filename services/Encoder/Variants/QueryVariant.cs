namespace Retrieval.Encoder;

/// <summary>
/// One way to encode the queries of a space: with another prompt, by passes over the graph (an exit after a layer, a temperature), as a prefix of the
/// vector, or by another model. Whatever changes more than the prompt is admitted by a measurement, which also makes it a tier that load may choose.
/// </summary>
/// <param name="Name">In requests, answers and logs.</param>
/// <param name="Template">Around each query; null: as the model says.</param>
internal sealed record QueryVariant(string Name, TextTemplate? Template)
{
    /// <summary>Folder of another model that answers in this space; null: the same model.</summary>
    public string? Model { get; init; }

    /// <summary>Passes over its graph, behind those of the file.</summary>
    public IReadOnlyList<UpgradePass> Passes { get; init; } = [];

    /// <summary>The first numbers of the vector that are kept; null: all.</summary>
    public int? Dimensions { get; init; }

    /// <summary>What admits it; null where it changes the prompt alone.</summary>
    public AdmittedVariant? Measured { get; init; }

    /// <summary>Whether it has a graph of its own, cut from the model's.</summary>
    public bool HasPasses => Passes.Count > 0;

    /// <summary>Whether its vectors are the model's, but for the prompt.</summary>
    public bool IsPromptOnly => Model is null && !HasPasses && Dimensions is null;

    /// <summary>Layer after which it leaves the model; null: the last.</summary>
    public int? Layer => Passes.LastOrDefault(p => p.Layer is not null)?.Layer;

    /// <summary>Reads an entry of <c>queries</c>.</summary>
    /// <exception cref="ModelFormatException">File, JSON path, value and what may be there.</exception>
    public static QueryVariant Read(StrictObject json, string folder)
    {
        string name = json.Required(json.Text("name"), "name");
        QueryVariant variant = new(name, ReadTemplate(json))
        {
            Model = json.Text("model") is { } model ? RetrievalFile.Folder(folder, model) : null,
            Passes = [.. json.Objects("passes").Select(p => UpgradePass.Read(p, Path.GetFullPath(folder)))],
            Dimensions = json.Whole("dimensions", 1, 1_000_000),
            Measured = AdmittedVariant.Read(json.Object("measured")),
        };
        json.End();
        variant.Require(json);
        return variant;
    }

    private void Require(StrictObject json)
    {
        if (Model is not null && (HasPasses || Dimensions is not null))
        {
            throw json.Wrong(HasPasses ? "passes" : "dimensions", $"stands beside 'model'. Write it into the {RetrievalFile.Name} of {Model}");
        }
        if (Passes.Any(p => p.IsInt8))
        {
            throw json.Wrong("passes", "quantise a variant alone. Put int8 into the file's own passes, or name a model that is quantised");
        }
        if (!IsPromptOnly && Measured is null)
        {
            throw json.Wrong("measured", Model is null ? "is missing: what leaves the model earlier, or keeps a part of its vector, is admitted to its space by what was measured. Write this entry with 'retrieval model tiers --model A --texts F --layers N'"
                : "is missing: another model is admitted to a space by what was measured. Write this file with 'retrieval model align --teacher A --student B --texts F --output PAIR' (--map none for a student that was trained for the space)");
        }
        if (IsPromptOnly && Measured is not null)
        {
            throw json.Wrong("measured", "stands beside a prompt alone, which needs none. Leave it out");
        }
    }

    /// <summary>A prompt in front, or a template with the place of the text.</summary>
    internal static TextTemplate? ReadTemplate(StrictObject json)
    {
        string? prompt = json.Text("prompt"), template = json.Text("template");
        return (prompt, template) switch
        {
            (not null, not null) => throw json.Wrong("template", "stands beside 'prompt'. Keep one of them"),
            (not null, _) => TextTemplate.Prompt(prompt),
            (_, not null) => TextTemplate.Of(template) ?? throw json.Wrong("template", $"is '{template}', in which {TextTemplate.Text} does not stand once"),
            _ => null,
        };
    }
}

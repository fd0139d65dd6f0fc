using System.Text.Json.Nodes;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>The measurement that admits a variant to a space.</summary>
/// <param name="Documents">Id of the space.</param>
/// <param name="Queries">Id of the space of the variant's own vectors: its weights and what follows them.</param>
/// <param name="Measure">On texts that nothing was fitted to.</param>
internal sealed record AdmittedVariant(string Documents, string Queries, PairMeasure Measure)
{
    public static AdmittedVariant? Read(StrictObject? json)
    {
        if (json is null)
        {
            return null;
        }
        AdmittedVariant admitted = new(json.Required(json.Text("documents"), "documents"), json.Required(json.Text("queries"), "queries"), new PairMeasure(
            json.Required(json.Whole("texts", 1, int.MaxValue), "texts"), Interval(json, "cosine"), Interval(json, "recallKept")));
        json.End();
        return admitted;
    }

    /// <summary>As it stands in retrieval.json.</summary>
    public JsonObject ToJson() => new()
    {
        ["documents"] = Documents, ["queries"] = Queries, ["texts"] = Measure.Texts, ["cosine"] = Interval(Measure.Cosine), ["recallKept"] = Interval(Measure.RecallKept),
    };

    private static JsonObject Interval(MeanInterval interval) => new() { ["mean"] = Math.Round(interval.Value, 6), ["low"] = Math.Round(interval.Low, 6), ["high"] = Math.Round(interval.High, 6) };

    private static MeanInterval Interval(StrictObject json, string field)
    {
        StrictObject interval = json.Required(json.Object(field), field);
        double Number(string name) => interval.Required(interval.Number(name, -1, 1), name);
        MeanInterval read = new(Number("mean"), Number("low"), Number("high"));
        interval.End();
        return read;
    }

    /// <summary>Refuses bytes other than the measured ones.</summary>
    public void Require(string file, QueryVariant variant, VectorSpace documents, VectorSpace queries)
    {
        if ((documents.Id, queries.Id) != (Documents, Queries))
        {
            throw new ModelFormatException(file, $"admits '{variant.Name}' as measured for documents of space {Documents} and queries of {Queries}, but the models give {documents.Id} and {queries.Id}: weights, tokenizer or modules changed. Measure again with 'retrieval model {(variant.Model is null ? "tiers" : "align")}'.");
        }
    }
}

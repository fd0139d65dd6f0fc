using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retrieval.Encoder;

/// <summary>Writes retrieval.json of an asymmetric pair.</summary>
internal static class PairFile
{
    public static void Write(string folder, string teacher, string student, string name, AdmittedPair measured)
    {
        JsonObject json = new()
        {
            ["version"] = RetrievalFile.Version,
            ["model"] = teacher,
            ["queries"] = new JsonArray(new JsonObject
            {
                ["name"] = name,
                ["model"] = student,
                ["measured"] = new JsonObject
                {
                    ["documents"] = measured.Documents, ["queries"] = measured.Queries, ["texts"] = measured.Measure.Texts,
                    ["cosine"] = Interval(measured.Measure.Cosine), ["recallKept"] = Interval(measured.Measure.RecallKept),
                },
            }),
        };
        File.WriteAllText(Path.Combine(folder, RetrievalFile.Name), json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    private static JsonObject Interval(MeanInterval interval) => new() { ["mean"] = Math.Round(interval.Value, 6), ["low"] = Math.Round(interval.Low, 6), ["high"] = Math.Round(interval.High, 6) };
}

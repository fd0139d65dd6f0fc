using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retrieval.Encoder;

/// <summary>Writes retrieval.json of an asymmetric pair.</summary>
internal static class PairFile
{
    public static void Write(string folder, string teacher, string student, string name, AdmittedVariant measured)
    {
        JsonObject json = new()
        {
            ["version"] = RetrievalFile.Version,
            ["model"] = teacher,
            ["queries"] = new JsonArray(new JsonObject
            {
                ["name"] = name,
                ["model"] = student,
                ["measured"] = measured.ToJson(),
            }),
        };
        File.WriteAllText(Path.Combine(folder, RetrievalFile.Name), json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }
}

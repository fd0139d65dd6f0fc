using System.Text.Json;

namespace Retrieval.Encoder;

/// <summary>A module of a sentence-transformers folder.</summary>
/// <param name="Type">Transformer, Pooling, Dense or Normalize.</param>
/// <param name="Folder">Full path of its files.</param>
internal sealed record Module(string Type, string Folder);

/// <summary>
/// modules.json, in order. A first module of type Router (formerly Asym) has a chain of modules for each side: <c>router_config.json</c> names
/// them under <c>structure</c>, their types under <c>types</c>, each in a folder of its name; what follows the router in modules.json follows both chains.
/// </summary>
/// <param name="File">modules.json, for messages.</param>
/// <param name="Documents">Modules of a document.</param>
/// <param name="Queries">Modules of a query; null where they are the same.</param>
internal sealed record ModuleList(string File, IReadOnlyList<Module> Documents, IReadOnlyList<Module>? Queries)
{
    private const string ReadAgain = "Fetch it again.";
    private static readonly string[] Computed = ["Transformer", "Pooling", "Dense", "Normalize"];

    /// <summary>Reads a folder's list.</summary>
    /// <exception cref="ModelFormatException">A file is missing or damaged, or names what is not computed.</exception>
    public static ModuleList Read(string folder)
    {
        string file = Path.Combine(folder, "modules.json");
        if (!System.IO.File.Exists(file))
        {
            throw new ModelFormatException(file, "is missing: it says how the states are pooled. Fetch it with the folders that it names.");
        }
        JsonElement list = ModelFolder.ReadJson(file);
        (string Type, string Path)[] named = list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(m => (Text(m, "type", file), Text(m, "path", file)))]
            : throw new ModelFormatException(file, $"is not a list of modules. {ReadAgain}");
        return named is [var first, .. var rest] && Short(first.Type) is "Router" or "Asym"
            ? Routed(file, Path.Combine(folder, first.Path), [.. rest.Select(m => Of(file, m.Type, Path.Combine(folder, m.Path)))])
            : new ModuleList(file, [.. named.Select(m => Of(file, m.Type, Path.Combine(folder, m.Path)))], null);
    }

    private static ModuleList Routed(string modules, string folder, IReadOnlyList<Module> rest)
    {
        string file = System.IO.File.Exists(Path.Combine(folder, "router_config.json")) ? Path.Combine(folder, "router_config.json") : Path.Combine(folder, "config.json");
        JsonElement config = ModelFolder.ReadJson(file), types = Object(config, "types", file), structure = Object(config, "structure", file);
        string[] routes = [.. structure.EnumerateObject().Select(r => r.Name)];
        if (!routes.Contains("document") || !routes.Contains("query") || routes.Length != 2)
        {
            throw new ModelFormatException(file, $"routes {string.Join(", ", routes)} at structure; exactly query and document are served. Build it with Router.for_query_document.");
        }
        Module[] Chain(string route) => [.. structure.GetProperty(route).EnumerateArray().Select(m => Of(file, Text(types, m.GetString()!, file), Path.Combine(folder, m.GetString()!))), .. rest];
        return new ModuleList(modules, Chain("document"), Chain("query"));
    }

    private static Module Of(string file, string type, string folder) => Computed.Contains(Short(type)) ? new Module(Short(type), folder)
        : throw new ModelFormatException(file, $"names module '{type}'; Transformer, Pooling, Dense and Normalize are computed, and a Router of them in the first place.");

    private static string Short(string type) => type.Split('.')[^1];

    private static JsonElement Object(JsonElement json, string field, string file) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(field, out JsonElement value) && value.ValueKind == JsonValueKind.Object
        ? value : throw new ModelFormatException(file, $"has no object '{field}'. {ReadAgain}");

    private static string Text(JsonElement json, string field, string file) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(field, out JsonElement value) && value.ValueKind == JsonValueKind.String
        ? value.GetString()! : throw new ModelFormatException(file, $"has an entry without a string '{field}'. {ReadAgain}");
}

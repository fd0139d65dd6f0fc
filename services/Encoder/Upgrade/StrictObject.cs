using System.Globalization;
using System.Text.Json;

namespace Retrieval.Encoder;

/// <summary>An object of a JSON file, read field by field; what is left at the end is an error that names it. Messages name file, path and value.</summary>
internal sealed class StrictObject
{
    private readonly string _file, _path;
    private readonly Dictionary<string, JsonElement> _fields;
    private readonly List<string> _known = [];

    private StrictObject(string file, string path, JsonElement json)
    {
        (_file, _path, Json) = (file, path, json);
        _fields = json.ValueKind == JsonValueKind.Object ? json.EnumerateObject().ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal) : throw Wrong("", "is not an object");
    }

    /// <summary>As it is in the file.</summary>
    public JsonElement Json { get; }

    /// <summary>The root of a file.</summary>
    public static StrictObject Read(string file) => new(file, "$", ModelFolder.ReadJson(file));

    /// <summary>An object that is to stand in a file.</summary>
    public static StrictObject Of(string file, JsonElement json) => new(file, "$", json);

    public bool Has(string field) => _fields.ContainsKey(field);

    public string? Text(string field) => Value(field) is not { } value ? null : value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : throw Wrong(field, $"is {value}, not a text");

    public bool? Flag(string field) => Value(field) is not { } value ? null : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(field, $"is {value}, not true or false");

    public int? Whole(string field, int least, int most) => Value(field) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= least && number <= most ? number : throw Wrong(field, $"is {value}, not a whole number from {least} to {most}");

    public double? Number(string field, double least, double most) => Value(field) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.GetDouble() is var number && number >= least && number <= most ? number
        : throw Wrong(field, string.Create(CultureInfo.InvariantCulture, $"is {value}, not a number from {least} to {most}"));

    public int[]? Wholes(string field, int least) => Value(field) is not { } value ? null
        : value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.Number && v.TryGetInt32(out int n) && n >= least) ? [.. value.EnumerateArray().Select(v => v.GetInt32())]
        : throw Wrong(field, $"is {value}, not a list of whole numbers from {least} on");

    public T? Choice<T>(string field, IReadOnlyDictionary<string, T> words) where T : struct => Value(field) is not { } value ? null
        : value.ValueKind == JsonValueKind.String && words.TryGetValue(value.GetString()!, out T chosen) ? chosen : throw Wrong(field, $"is {value}; it may be {string.Join(", ", words.Keys)}");

    public StrictObject? Object(string field) => Value(field) is { } value ? new StrictObject(_file, $"{_path}.{field}", value) : null;

    public IReadOnlyList<StrictObject> Objects(string field) => Value(field) is not { } value ? []
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select((v, i) => new StrictObject(_file, $"{_path}.{field}[{i}]", v))] : throw Wrong(field, "is not a list");

    public T Required<T>(T? value, string field) where T : class => value ?? throw Wrong("", $"has no '{field}'");

    public T Required<T>(T? value, string field) where T : struct => value ?? throw Wrong("", $"has no '{field}'");

    /// <summary>Refuses fields that nobody asked for.</summary>
    public void End()
    {
        if (_fields.Keys.Except(_known).FirstOrDefault() is { } unknown)
        {
            throw Wrong(unknown, $"is not known here; there may be {string.Join(", ", _known)}");
        }
    }

    public ModelFormatException Wrong(string field, string what) => new(_file, $"at {_path}{(field.Length > 0 ? "." + field : "")}: {what}.");

    private JsonElement? Value(string field)
    {
        _known.Add(field);
        return _fields.TryGetValue(field, out JsonElement value) ? value : null;
    }
}

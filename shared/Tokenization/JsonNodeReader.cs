using System.Text.Json;

namespace Retrieval.Tokenization;

/// <summary>A node of the file that knows its path, so that every complaint can name it.</summary>
internal readonly struct JsonNodeReader(string file, string path, JsonElement element)
{
    public JsonElement Element => element;

    public string File => file;

    public string Path => path;

    public bool IsNull => element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    /// <summary>The value of "type".</summary>
    public string Type => this["type"].String();

    public JsonNodeReader this[string name] => new(file, path.Length == 0 ? name : $"{path}.{name}",
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) ? value : default);

    public IEnumerable<JsonNodeReader> Items()
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            throw Wrong("expected a list");
        }
        int i = 0;
        foreach (JsonElement item in element.EnumerateArray())
        {
            yield return new JsonNodeReader(file, $"{path}[{i++}]", item);
        }
    }

    /// <summary>The entries of an object. Going through them once: looking each up by its name would take time in the square of their number.</summary>
    public IEnumerable<(string Name, JsonNodeReader Value)> Members()
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("expected an object");
        }
        foreach (JsonProperty member in element.EnumerateObject())
        {
            string name = Name(member);
            yield return (name, new JsonNodeReader(file, $"{path}.{name}", member.Value));
        }
    }

    public string String()
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            throw Wrong("expected a string");
        }
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Wrong("expected Unicode text without half surrogate pairs");
        }
    }

    public string String(string name, string absent) => this[name].IsNull ? absent : this[name].String();

    public int Natural() => Integer() is >= 0 and int value ? value : throw Wrong("expected a number from 0");

    public Side Side(string name) => String(name, "Right") switch
    {
        "Right" => Tokenization.Side.Right,
        "Left" => Tokenization.Side.Left,
        _ => throw this[name].Unsupported("Left, Right"),
    };

    public int Integer() => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int value) ? value : throw Wrong("expected an integer of 32 bits");

    public bool Boolean(string name, bool absent) => this[name].Element.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => absent,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw this[name].Wrong("expected true or false"),
    };

    /// <summary>A component or option that this version does not have: refused by name, never ignored.</summary>
    public TokenizerFormatException Unsupported(string supported, string? shown = null) => new(file, path, $"'{shown ?? Shown()}' is not supported in this version; supported: {supported}.");

    public TokenizerFormatException Wrong(string expected) => new(file, path, $"{expected}, found {Shown()}.");

    private string Name(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            throw new TokenizerFormatException(file, path, "expected Unicode text without half surrogate pairs, found another name.");
        }
    }

    // As it stands in the file: a value that is no Unicode text has to be shown as well.
    private string Shown()
    {
        string raw = element.ValueKind switch
        {
            JsonValueKind.Undefined => "nothing",
            JsonValueKind.Object when element.TryGetProperty("type", out JsonElement type) => type.GetRawText().Trim('"'),
            JsonValueKind.String => element.GetRawText().Trim('"'),
            _ => element.GetRawText(),
        };
        return raw.Length <= 60 ? raw : raw[..60] + "…";
    }
}

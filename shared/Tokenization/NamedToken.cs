using System.Globalization;

namespace Retrieval.Tokenization;

/// <summary>A token that a file beside tokenizer.json names.</summary>
/// <param name="Token">The token; its id only counts when <paramref name="HasId"/>.</param>
/// <param name="HasId">The file gives its id.</param>
/// <param name="At">Where it stands.</param>
internal sealed record NamedToken(AddedToken Token, bool HasId, JsonNodeReader At)
{
    /// <summary>A special token: its text, or an object with its options.</summary>
    public static NamedToken Special(JsonNodeReader node) => node.Element.ValueKind == System.Text.Json.JsonValueKind.Object
        ? new NamedToken(Read(node, 0, true), false, node)
        : new NamedToken(new AddedToken(0, node.String(), true), false, node);

    /// <summary>An entry of added_tokens_decoder: its id is its name.</summary>
    public static NamedToken WithId(string id, JsonNodeReader node) =>
        int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? new NamedToken(Read(node, value, false), true, node) : throw node.Wrong($"expected an id for a name, not '{id}'");

    private static AddedToken Read(JsonNodeReader node, int id, bool special) => new(id, node["content"].String(), node.Boolean("special", special))
    {
        SingleWord = node.Boolean("single_word", false),
        StripLeft = node.Boolean("lstrip", false),
        StripRight = node.Boolean("rstrip", false),
        IsNormalized = node.Boolean("normalized", !node.Boolean("special", special)),
    };
}

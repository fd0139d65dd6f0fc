namespace Retrieval.Tokenization;

/// <summary>A token that a post-processor adds.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Text">What it shows.</param>
internal sealed record SpecialToken(int Id, string Text)
{
    public Row Row(int type) => Tokenization.Row.Special(Id, type, Text);

    /// <summary>From a list of a token and its id.</summary>
    public static SpecialToken Read(JsonNodeReader node, Func<int, bool> isKnown) =>
        node.Items().ToArray() is [JsonNodeReader text, JsonNodeReader id] ? new SpecialToken(Known(id, isKnown), text.String()) : throw node.Wrong("expected a list of a token and its id");

    public static int Known(JsonNodeReader id, Func<int, bool> isKnown) => isKnown(id.Integer()) ? id.Integer() : throw id.Wrong("expected an id of the vocabulary");
}

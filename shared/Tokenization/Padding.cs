namespace Retrieval.Tokenization;

/// <summary>Fills encodings up to one length.</summary>
/// <param name="Id">Id of the token to fill with.</param>
/// <param name="Token">What it shows.</param>
public sealed record Padding(int Id, string Token)
{
    /// <summary>Type id of the filling.</summary>
    public int TypeId { get; init; }

    /// <summary>Where it goes.</summary>
    public Side Side { get; init; }

    /// <summary>Length in tokens; null: the longest of the batch.</summary>
    public int? Length { get; init; }

    /// <summary>The length is raised to a multiple of this many tokens; null or 0: as it is.</summary>
    public int? MultipleOf { get; init; }

    /// <summary>Fills all up to one length.</summary>
    internal void Apply(IReadOnlyList<Draft> drafts)
    {
        int length = Length ?? drafts.Max(d => d.Rows.Count);
        if (MultipleOf is > 0 and int multiple && length % multiple != 0)
        {
            length += multiple - length % multiple;
        }
        foreach (Draft draft in drafts)
        {
            draft.Pad(length, this);
        }
    }

    internal static Padding? Read(JsonNodeReader node)
    {
        if (node.IsNull)
        {
            return null;
        }
        JsonNodeReader strategy = node["strategy"], fixedLength = strategy["Fixed"], multiple = node["pad_to_multiple_of"];
        return new Padding(node["pad_id"].IsNull ? 0 : node["pad_id"].Natural(), node.String("pad_token", "[PAD]"))
        {
            TypeId = node["pad_type_id"].IsNull ? 0 : node["pad_type_id"].Natural(),
            Side = node.Side("direction"),
            Length = !fixedLength.IsNull ? fixedLength.Natural() : strategy.IsNull || strategy.String() == "BatchLongest" ? null : throw strategy.Unsupported("BatchLongest, Fixed"),
            MultipleOf = multiple.IsNull ? null : multiple.Natural(),
        };
    }
}

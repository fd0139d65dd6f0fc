namespace Retrieval.Tokenization;

/// <summary>What offsets count.</summary>
public enum OffsetUnit
{
    /// <summary>Indexes of the .NET string.</summary>
    Utf16,

    /// <summary>Unicode code points, as Python counts.</summary>
    CodePoints,

    /// <summary>Bytes of UTF-8.</summary>
    Utf8Bytes,
}

/// <summary>How texts are encoded.</summary>
public sealed record EncodeOptions
{
    /// <summary>Put the model's special tokens around the text.</summary>
    public bool AddSpecialTokens { get; init; } = true;

    /// <summary>A special token that stands in the text is plain text.</summary>
    public bool SpecialTokensAreText { get; init; }

    /// <summary>Null: nothing is cut, whatever the file says (see <see cref="Tokenizer.FileTruncation"/>).</summary>
    public Truncation? Truncation { get; init; }

    /// <summary>Null: nothing is filled, whatever the file says (see <see cref="Tokenizer.FilePadding"/>).</summary>
    public Padding? Padding { get; init; }

    /// <summary>What offsets count.</summary>
    public OffsetUnit Offsets { get; init; }
}

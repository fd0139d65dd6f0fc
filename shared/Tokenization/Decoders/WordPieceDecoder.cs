namespace Retrieval.Tokenization;

/// <summary>Tokens back to text: continuations are joined, other tokens get a space before them, and clean-up takes the space before punctuation away.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanup) : Decoder
{
    private static readonly (string From, string To)[] CleanUps =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    public override List<string> Decode(List<string> tokens) => [.. tokens.Select((t, i) => i == 0 ? t : t.StartsWith(prefix, StringComparison.Ordinal) ? t[prefix.Length..] : " " + t)
        .Select(t => cleanup ? CleanUp(t) : t)];

    /// <summary>Takes spaces away that English text does not have.</summary>
    public static string CleanUp(string text) => CleanUps.Aggregate(text, (t, change) => t.Replace(change.From, change.To, StringComparison.Ordinal));
}

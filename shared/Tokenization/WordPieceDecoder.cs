using System.Text;

namespace Retrieval.Tokenization;

/// <summary>Tokens back to text: continuations are joined, other tokens get a space before them, and clean-up takes the space before punctuation away.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanup)
{
    private static readonly (string From, string To)[] CleanUps =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    public static WordPieceDecoder? Read(JsonNodeReader node) => node.IsNull ? null
        : node.Type == "WordPiece" ? new WordPieceDecoder(node["prefix"].IsNull ? "##" : node["prefix"].String(), node.Boolean("cleanup", true))
        : throw node.Unsupported("WordPiece");

    public void Append(StringBuilder text, string token, bool isFirst)
    {
        string piece = isFirst ? token
            : token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..]
            : " " + token;
        if (cleanup)
        {
            foreach ((string from, string to) in CleanUps)
            {
                piece = piece.Replace(from, to, StringComparison.Ordinal);
            }
        }
        text.Append(piece);
    }
}

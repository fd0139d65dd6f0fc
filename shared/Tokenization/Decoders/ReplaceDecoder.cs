using System.Text;

namespace Retrieval.Tokenization;

/// <summary>Each match of a pattern becomes another text, token by token.</summary>
internal sealed class ReplaceDecoder(TextPattern pattern, string replacement) : Decoder
{
    public override List<string> Decode(List<string> tokens) => [.. tokens.Select(Replace)];

    private string Replace(string token)
    {
        StringBuilder text = new();
        int done = 0;
        Matches matches = new(pattern, token);
        while (token.Length > 0 && matches.Next(out int start, out int end))
        {
            text.Append(token, done, start - done).Append(replacement);
            done = end;
        }
        return done == 0 && text.Length == 0 ? token : text.Append(token, done, token.Length - done).ToString();
    }
}

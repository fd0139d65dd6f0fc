using System.Text;

namespace Retrieval.Tokenization;

/// <summary>Takes a character from the ends of each token, at most so often.</summary>
internal sealed class StripDecoder(Rune content, int start, int stop) : Decoder
{
    public override List<string> Decode(List<string> tokens) => [.. tokens.Select(Strip)];

    private string Strip(string token)
    {
        Rune[] characters = [.. token.EnumerateRunes()];
        int first = 0, last = characters.Length;
        while (first < Math.Min(start, characters.Length) && characters[first] == content)
        {
            first++;
        }
        for (int i = 0; i < stop && characters.Length - i - 1 is var at; i++)
        {
            if (at < 0)
            {
                throw Shorter(token);
            }
            if (characters[at] != content)
            {
                break;
            }
            last = at;
        }
        return first <= last ? string.Concat(characters[first..last]) : throw Shorter(token);
    }

    // The reference panics here.
    private TokenizationException Shorter(string token) => new($"The file's decoder strips {start} '{content}' from the beginning and {stop} from the end, and the token '{token}' is shorter. Decode other ids.");
}

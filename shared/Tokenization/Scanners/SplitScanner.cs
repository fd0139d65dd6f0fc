namespace Retrieval.Tokenization;

/// <summary>
/// The split patterns of well-known models, each written out by hand: what the regular expression engine finds, several times faster. Chosen by the exact
/// pattern; a test holds each against the engine.
/// </summary>
internal abstract class SplitScanner : TextPattern
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    // Llama 3, and cl100k as it was first written; Qwen 2 and 3 take digits one by one.
    private const string Llama3 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen2 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // In Oniguruma's syntax the + after {1,3} is not possessive, but repeats: all digits together.
    private const string Cl100kPossessive = @"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s";

    private const string O200k = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string DeepSeek = @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Patterns that have a scanner.</summary>
    public static IReadOnlyDictionary<string, SplitScanner> Known { get; } = new Dictionary<string, SplitScanner>
    {
        [Gpt2] = new Gpt2Scanner(),
        [Llama3] = new Llama3Scanner(digits: 3, endInOne: false),
        [Qwen2] = new Llama3Scanner(digits: 1, endInOne: false),
        [Cl100kPossessive] = new Llama3Scanner(digits: int.MaxValue, endInOne: true),
        [O200k] = new O200kScanner(),
        [DeepSeek] = new DeepSeekScanner(),
    };

    public static SplitScanner? Find(string pattern) => Known.GetValueOrDefault(pattern);

    public sealed override bool Find(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        for (start = from; start < text.Length;)
        {
            end = End(text, start);
            if (end > start)
            {
                return true;
            }
            SplitKinds.At(text, start, out int length);
            start += length;
        }
        start = end = 0;
        return false;
    }

    /// <summary>Index after the match that begins at an index of the text; the index itself when none does.</summary>
    protected abstract int End(ReadOnlySpan<char> text, int start);

    /// <summary>Index after 's, 't, 're, 've, 'm, 'll or 'd at an index, or the index itself.</summary>
    protected static int Contraction(ReadOnlySpan<char> text, int at, bool ignoreCase)
    {
        if (at + 1 >= text.Length || text[at] != '\'')
        {
            return at;
        }
        switch (Fold(text[at + 1], ignoreCase))
        {
            case 's' or 't' or 'm' or 'd': return at + 2;
            case 'r' or 'v' when Second(text, at, ignoreCase) == 'e': return at + 3;
            case 'l' when Second(text, at, ignoreCase) == 'l': return at + 3;
            default: return at;
        }
    }

    /// <summary>Index after the white space at an index by \s*[\r\n]+|\s+(?!\S)|\s+: up to the last line end, or all but the space before a word, or that.</summary>
    protected static int Spaces(ReadOnlySpan<char> text, int start, bool newlines)
    {
        int end = SplitKinds.Run(text, start, SplitKind.Space);
        int newline = newlines ? text[start..end].LastIndexOfAny('\r', '\n') : -1;
        return newline >= 0 ? start + newline + 1 : end == text.Length || end - start <= 1 ? end : end - 1;
    }

    private static char Second(ReadOnlySpan<char> text, int at, bool ignoreCase) => at + 2 < text.Length ? Fold(text[at + 2], ignoreCase) : '\0';

    // Of the letters asked for only s has a third form, U+017F.
    private static char Fold(char c, bool ignoreCase) => !ignoreCase ? c : c == '\u017F' ? 's' : char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
}

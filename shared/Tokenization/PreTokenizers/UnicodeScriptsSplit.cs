namespace Retrieval.Tokenization;

/// <summary>
/// Splits where the script changes; characters of no script of their own belong to the run before them, kana count as Han. What comes before the first
/// character that has a script is left out, as in the reference.
/// </summary>
internal sealed class UnicodeScriptsSplit : SplittingPreTokenizer
{
    private const int None = -1, Any = 0;

    private static readonly CodePointValues Scripts = new(Tables());

    protected override void Split(ReadOnlySpan<char> piece, PieceSink sink)
    {
        int start = None, last = None;
        for (int i = 0; i < piece.Length;)
        {
            int script = Scripts[Characters.At(piece, i, out int length)];
            if (script != Any && script != last)
            {
                if (start != None)
                {
                    sink.Add(start, i);
                }
                (start, last) = (i, script);
            }
            i += length;
        }
        if (start != None)
        {
            sink.Add(start, piece.Length);
        }
    }

    // Kana and their long vowel mark count as Han, and the space as no script; the later entry wins.
    private static IEnumerable<(byte, CodePointRanges)> Tables()
    {
        string[] names = [.. CharacterTables.Names("pretokenizer.")];
        byte Value(string name) => (byte)(Array.IndexOf(names, name is "Hiragana" or "Katakana" ? "Han" : name) + 1);
        return
        [
            .. names.Select(name => (Value(name), CharacterTables.Ranges($"pretokenizer.{name}"))),
            (Value("Han"), CodePointRanges.Of([(0x30FC, 0x30FC)])),
            (Any, CodePointRanges.Of([(' ', ' ')])),
        ];
    }
}

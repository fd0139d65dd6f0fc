namespace Retrieval.Tokenization;

/// <summary>
/// Splits where the script changes; characters of no script of their own belong to the run before them, kana count as Han. What comes before the first
/// character that has a script is left out, as in the reference.
/// </summary>
internal sealed class UnicodeScriptsSplit : SplittingPreTokenizer
{
    private const int None = -1;

    protected override void Split(ReadOnlySpan<char> piece, PieceSink sink)
    {
        int start = None, last = None;
        for (int i = 0; i < piece.Length;)
        {
            int script = CharacterClass.Script(Characters.At(piece, i, out int length));
            if (script != CharacterClass.AnyScript && script != last)
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
}

namespace Retrieval.Tokenization;

/// <summary>
/// Splits at single code points of a class: WhitespaceSplit, Punctuation, Digits and CharDelimiterSplit differ in the class and in what becomes of the delimiters.
/// </summary>
internal sealed class CharacterSplit(Func<int, bool> isDelimiter, SplitBehavior behavior) : SplittingPreTokenizer
{
    private readonly bool[] _ascii = [.. Enumerable.Range(0, 128).Select(isDelimiter)];

    protected override void Split(ReadOnlySpan<char> piece, PieceSink sink)
    {
        PieceJoiner joiner = new(behavior, sink);
        int done = 0;
        for (int i = 0; i < piece.Length;)
        {
            int codePoint = piece[i], length = 1;
            if (codePoint < 128 ? _ascii[codePoint] : isDelimiter(codePoint = Characters.At(piece, i, out length)))
            {
                if (i > done)
                {
                    joiner.Add(done, i, false);
                }
                joiner.Add(i, done = i + length, true);
            }
            else if (char.IsHighSurrogate(piece[i]))
            {
                length = 2;
            }
            i += length;
        }
        if (done < piece.Length)
        {
            joiner.Add(done, piece.Length, false);
        }
        joiner.End();
    }
}

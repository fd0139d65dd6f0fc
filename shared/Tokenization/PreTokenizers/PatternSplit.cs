namespace Retrieval.Tokenization;

/// <summary>The Split component: at the matches of a pattern, or, inverted, at what lies between them.</summary>
internal sealed class PatternSplit(TextPattern pattern, SplitBehavior behavior, bool invert) : SplittingPreTokenizer
{
    protected override void Split(ReadOnlySpan<char> piece, PieceSink sink)
    {
        PieceJoiner joiner = new(behavior, sink);
        int done = 0;
        Matches matches = new(pattern, piece);
        while (matches.Next(out int start, out int end))
        {
            if (start > done)
            {
                joiner.Add(done, start, invert);
            }
            joiner.Add(start, end, !invert);
            done = end;
        }
        if (done < piece.Length)
        {
            joiner.Add(done, piece.Length, invert);
        }
        joiner.End();
    }
}

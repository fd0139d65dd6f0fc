namespace Retrieval.Tokenization;

/// <summary>Pieces of so many code points.</summary>
internal sealed class FixedLengthSplit(int length) : SplittingPreTokenizer
{
    protected override void Split(ReadOnlySpan<char> piece, PieceSink sink)
    {
        int start = 0, count = 0;
        for (int i = 0; i < piece.Length; i += char.IsHighSurrogate(piece[i]) ? 2 : 1)
        {
            if (count == length)
            {
                sink.Add(start, i);
                (start, count) = (i, 0);
            }
            count++;
        }
        sink.Add(start, piece.Length);
    }
}

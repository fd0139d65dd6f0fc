namespace Retrieval.Tokenization;

/// <summary>The Whitespace component: runs of word characters, and runs of what is neither word nor white space (<c>\w+|[^\w\s]+</c> of the regex crate).</summary>
internal sealed class WhitespacePreTokenizer : SplittingPreTokenizer
{
    private const byte White = 0, Word = 1, Other = 2;

    private static readonly byte[] Ascii = [.. Enumerable.Range(0, 128).Select(Kind)];

    protected override void Split(ReadOnlySpan<char> piece, PieceSink sink)
    {
        int start = 0;
        byte run = White;
        for (int i = 0; i < piece.Length;)
        {
            int codePoint = piece[i], length = 1;
            byte kind = codePoint < 128 ? Ascii[codePoint] : Kind(Characters.At(piece, i, out length));
            if (kind != run)
            {
                if (run != White)
                {
                    sink.Add(start, i);
                }
                (start, run) = (i, kind);
            }
            i += length;
        }
        if (run != White)
        {
            sink.Add(start, piece.Length);
        }
    }

    private static byte Kind(int codePoint) => Characters.Word.Contains(codePoint) ? Word : Characters.White.Contains(codePoint) ? White : Other;
}

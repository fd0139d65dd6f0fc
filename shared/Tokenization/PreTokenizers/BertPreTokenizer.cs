namespace Retrieval.Tokenization;

/// <summary>White space separates, each punctuation mark is a piece.</summary>
internal sealed class BertPreTokenizer : SplittingPreTokenizer
{
    private const byte Letter = 0, White = 1, Mark = 2;

    private static readonly byte[] Ascii = [.. Enumerable.Range(0, 128).Select(Kind)];

    protected override void Split(ReadOnlySpan<char> piece, PieceSink sink)
    {
        int done = 0;
        for (int i = 0; i < piece.Length;)
        {
            int codePoint = piece[i], length = 1;
            byte kind = codePoint < 128 ? Ascii[codePoint] : Kind(Characters.At(piece, i, out length));
            if (kind != Letter)
            {
                sink.Add(done, i);
                if (kind == Mark)
                {
                    sink.Add(i, i + length);
                }
                done = i + length;
            }
            i += length;
        }
        sink.Add(done, piece.Length);
    }

    private static byte Kind(int codePoint) => Characters.White.Contains(codePoint) ? White : Characters.Punctuation.Contains(codePoint) ? Mark : Letter;
}

namespace Retrieval.Tokenization;

/// <summary>A space before each piece that has none (when asked for), GPT-2's split (when asked for), and then each byte of UTF-8 as a character of its own.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, TextPattern? pattern) : PreTokenizer
{
    private readonly PrefixSpace? _prefix = addPrefixSpace ? new() : null;
    private readonly PatternSplit? _split = pattern is null ? null : new(pattern, SplitBehavior.Isolated, false);
    private readonly ToBytes _bytes = new();

    public override void Apply(Work work)
    {
        _prefix?.Apply(work);
        _split?.Apply(work);
        _bytes.Apply(work);
    }

    private sealed class PrefixSpace : RewritingPreTokenizer
    {
        protected override void Rewrite(AlignedText piece, TextBuffer output, PieceList pieces)
        {
            int start = output.Length;
            if (piece.Text[0] != ' ')
            {
                output.Append(' ', piece.Start(0), piece.End(0));
            }
            output.Append(piece);
            pieces.Add(start, output.Length);
        }
    }

    private sealed class ToBytes : RewritingPreTokenizer
    {
        protected override void Rewrite(AlignedText piece, TextBuffer output, PieceList pieces)
        {
            int start = output.Length;
            ByteAlphabet.Append(piece, output);
            pieces.Add(start, output.Length);
        }
    }
}

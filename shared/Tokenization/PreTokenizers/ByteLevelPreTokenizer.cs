namespace Retrieval.Tokenization;

/// <summary>
/// A space before each piece that has none (when asked for), GPT-2's split (when asked for), and then each byte of UTF-8 as a character of its own, unless the model
/// takes text as it is.
/// </summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, TextPattern? pattern, bool spell) : PreTokenizer
{
    private readonly PrefixSpace? _prefix = addPrefixSpace ? new() : null;
    private readonly PatternSplit? _split = pattern is null ? null : new(pattern, SplitBehavior.Isolated, false);
    private readonly ToBytes? _bytes = spell ? new() : null;

    /// <summary>The same for a model that takes text as it is.</summary>
    public ByteLevelPreTokenizer Unspelled => new(addPrefixSpace, pattern, false);

    public override void Apply(Work work)
    {
        _prefix?.Apply(work);
        _split?.Apply(work);
        _bytes?.Apply(work);
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

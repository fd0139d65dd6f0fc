namespace Retrieval.Tokenization;

/// <summary>A pre-tokenizer component: splits the pieces of the text, and may rewrite the text. Immutable and thread-safe.</summary>
internal abstract class PreTokenizer
{
    /// <summary>Replaces the pieces, and the text where it is rewritten; pieces that are added tokens stay.</summary>
    public abstract void Apply(Work work);
}

/// <summary>A pre-tokenizer that leaves the text as it is.</summary>
internal abstract class SplittingPreTokenizer : PreTokenizer
{
    public sealed override void Apply(Work work)
    {
        ReadOnlySpan<char> text = work.Text.Text;
        PieceList pieces = work.Pieces, next = work.NextPieces();
        for (int i = 0; i < pieces.Count; i++)
        {
            (int start, int end) = (pieces.Starts[i], pieces.Ends[i]);
            if (pieces.Tokens[i] >= 0)
            {
                next.Add(start, end, pieces.Tokens[i]);
            }
            else
            {
                Split(text[start..end], new PieceSink(next, start));
            }
        }
        work.TakePieces();
    }

    /// <summary>Splits one piece.</summary>
    protected abstract void Split(ReadOnlySpan<char> piece, PieceSink sink);
}

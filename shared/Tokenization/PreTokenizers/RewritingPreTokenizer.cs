namespace Retrieval.Tokenization;

/// <summary>A pre-tokenizer that writes the text anew, piece by piece.</summary>
internal abstract class RewritingPreTokenizer : PreTokenizer
{
    public sealed override void Apply(Work work)
    {
        AlignedText text = work.Text.View;
        TextBuffer output = work.NextText();
        PieceList pieces = work.Pieces, next = work.NextPieces();
        for (int i = 0; i < pieces.Count; i++)
        {
            AlignedText piece = text.Slice(pieces.Starts[i], pieces.Ends[i] - pieces.Starts[i]);
            int start = output.Length;
            if (pieces.Tokens[i] >= 0)
            {
                output.Append(piece);
                next.Add(start, output.Length, pieces.Tokens[i]);
            }
            else
            {
                Rewrite(piece, output, next);
            }
        }
        work.TakeText();
        work.TakePieces();
    }

    /// <summary>Appends the new text of one piece, and its pieces by their places in the output.</summary>
    protected abstract void Rewrite(AlignedText piece, TextBuffer output, PieceList pieces);
}

namespace Retrieval.Tokenization;

/// <summary>From a text to tokens with their places in it: added tokens, normalizer, pre-tokenizer, model.</summary>
internal sealed class Pipeline(AddedTokens added, Normalizer? normalizer, PreTokenizer? preTokenizer, Model model)
{
    public AddedTokens Added => added;

    public Model Model => model;

    /// <summary>A text as the normalizer alone makes it.</summary>
    public static string Normalize(Normalizer? normalizer, string text)
    {
        TextBuffer original = new(), output = new();
        original.SetOriginal(text);
        return normalizer?.Apply(original.View, output) == true ? output.Text.ToString() : original.Text.ToString();
    }

    /// <summary>A text as the normalizer alone makes it.</summary>
    public string Normalize(string text) => Normalize(normalizer, text);

    /// <summary>Fills work.Tokens: ids, and UTF-16 places in the text.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="work">The memory of this call.</param>
    /// <param name="specialsAreText">Special tokens in the text are plain text.</param>
    public void Split(ReadOnlySpan<char> text, Work work, bool specialsAreText)
    {
        work.Text.SetOriginal(text);
        work.Pieces.Clear();
        work.Pieces.Add(0, text.Length);
        added.SplitRaw(work, specialsAreText);
        Normalize(work);
        added.SplitNormalized(work, specialsAreText);
        preTokenizer?.Apply(work);
    }

    /// <summary>Tokens of the pieces, until there are as many as asked for; the last piece is finished.</summary>
    public void Tokenize(Work work, int most)
    {
        for (int i = 0; i < work.Pieces.Count && work.Tokens.Count < most; i++)
        {
            TokenizePiece(work, i);
        }
    }

    private void TokenizePiece(Work work, int piece)
    {
        AlignedText text = work.Text.View;
        TokenBuffer tokens = work.Tokens;
        (int start, int end, int token) = (work.Pieces.Starts[piece], work.Pieces.Ends[piece], work.Pieces.Tokens[piece]);
        int first = tokens.Count;
        work.NoteWord(first);
        if (token >= 0)
        {
            work.Shown.Add(first, text.Text[start..end]);
            tokens.Add(token, text.Start(start), text.End(end - 1) - text.Start(start));
            return;
        }
        model.Tokenize(text.Text[start..end], tokens);
        Place(work, text.Slice(start, end - start), first);
    }

    /// <summary>Places in the piece become places in the original.</summary>
    private void Place(Work work, AlignedText piece, int first)
    {
        ReadOnlySpan<int> ids = work.Tokens.Ids;
        Span<int> starts = work.Tokens.Starts, ends = work.Tokens.Ends;
        int shows = model.ShowsText;
        for (int i = first; i < ids.Length; i++)
        {
            if (ids[i] == shows && shows >= 0)
            {
                work.Shown.Add(i, piece.Text[starts[i]..ends[i]]);
            }
            (starts[i], ends[i]) = (piece.Start(starts[i]), piece.End(Math.Max(starts[i], ends[i] - 1)));
        }
    }

    private void Normalize(Work work)
    {
        if (normalizer is null || work.Pieces.Count == 0)
        {
            return;
        }
        AlignedText text = work.Text.View;
        PieceList pieces = work.Pieces, next = work.NextPieces();
        TextBuffer output = work.NextText();
        bool changed = false;
        for (int i = 0; i < pieces.Count; i++)
        {
            AlignedText piece = text.Slice(pieces.Starts[i], pieces.Ends[i] - pieces.Starts[i]);
            int start = output.Length;
            if (pieces.Tokens[i] < 0 && pieces.Count == 1)
            {
                changed = normalizer.Apply(piece, output);
            }
            else if (pieces.Tokens[i] < 0 && normalizer.Apply(piece, work.Scratch()))
            {
                output.Append(work.ScratchText);
                changed = true;
            }
            else
            {
                output.Append(piece);
            }
            if (output.Length > start)
            {
                next.Add(start, output.Length, pieces.Tokens[i]);
            }
        }
        if (changed)
        {
            work.TakeText();
            work.TakePieces();
        }
    }
}

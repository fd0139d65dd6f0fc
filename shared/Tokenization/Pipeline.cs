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
        ReadOnlySpan<char> text = work.Text.Text;
        ReadOnlySpan<int> starts = work.Pieces.Starts, ends = work.Pieces.Ends, ids = work.Pieces.Tokens;
        TokenBuffer tokens = work.Tokens;
        for (int i = 0; i < starts.Length && tokens.Count < most; i++)
        {
            ReadOnlySpan<char> piece = text[starts[i]..ends[i]];
            int first = tokens.Count;
            work.NoteWord(first);
            if (ids[i] >= 0)
            {
                work.Shown.Add(first, piece);
                tokens.Add(ids[i], starts[i], piece.Length);
                continue;
            }
            model.Tokenize(piece, starts[i], tokens);
            if (model.ShowsText >= 0 && work.Shown.IsWanted)
            {
                NoteShown(work, first);
            }
        }
        work.Text.View.Locate(tokens.Starts, tokens.Ends);
    }

    private void NoteShown(Work work, int first)
    {
        for (int i = first; i < work.Tokens.Count; i++)
        {
            if (work.Tokens.Ids[i] == model.ShowsText)
            {
                work.Shown.Add(i, work.Text.Text[work.Tokens.Starts[i]..work.Tokens.Ends[i]]);
            }
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

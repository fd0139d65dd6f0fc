namespace Retrieval.Tokenization;

/// <summary>When Metaspace puts a mark before a piece that has none.</summary>
internal enum PrependScheme
{
    /// <summary>Before each piece.</summary>
    Always,

    /// <summary>Only at the beginning of the text.</summary>
    First,

    /// <summary>Never.</summary>
    Never,
}

/// <summary>Spaces become a mark, and a piece begins at each mark.</summary>
internal sealed class MetaspacePreTokenizer(int mark, PrependScheme scheme, bool split) : RewritingPreTokenizer
{
    private readonly string _mark = char.ConvertFromUtf32(mark);

    protected override void Rewrite(AlignedText piece, TextBuffer output, PieceList pieces)
    {
        int start = output.Length;
        bool begins = piece.Text[0] == ' ' || piece.Text.StartsWith(_mark, StringComparison.Ordinal);
        if (!begins && (scheme == PrependScheme.Always || (scheme == PrependScheme.First && piece.Start(0) == 0)))
        {
            output.AppendCodePoint(mark, piece.Start(0), piece.End(0));
        }
        int from = output.Length;
        if (_mark.Length == 1 || !piece.Text.Contains(' '))
        {
            output.Append(piece);
            output.Replace(' ', _mark[0], from);
        }
        else
        {
            AppendWide(piece, output);
        }
        if (split)
        {
            Split(output.Text[start..], start, pieces);
        }
        else
        {
            pieces.Add(start, output.Length);
        }
    }

    private void AppendWide(AlignedText piece, TextBuffer output)
    {
        for (int i = 0; i < piece.Length; i++)
        {
            if (piece.Text[i] == ' ')
            {
                output.AppendCodePoint(mark, piece.Start(i), piece.End(i));
            }
            else
            {
                output.Append(piece.Text[i], piece.Start(i), piece.End(i));
            }
        }
    }

    private void Split(ReadOnlySpan<char> text, int origin, PieceList pieces)
    {
        int done = 0;
        for (int i = 1; i < text.Length; i++)
        {
            int next = _mark.Length == 1 ? text[i..].IndexOf(_mark[0]) : text[i..].IndexOf(_mark, StringComparison.Ordinal);
            if (next < 0)
            {
                break;
            }
            i += next;
            pieces.Add(origin + done, origin + i);
            done = i;
        }
        pieces.Add(origin + done, origin + text.Length);
    }
}

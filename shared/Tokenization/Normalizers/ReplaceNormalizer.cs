namespace Retrieval.Tokenization;

/// <summary>Each match of a pattern becomes another text, which has the place of the match's last character (of the one before it when the match is empty).</summary>
internal sealed class ReplaceNormalizer(TextPattern pattern, string replacement) : Normalizer
{
    // One char for one char, as in SentencePiece's files: nothing moves.
    private readonly char? _old = replacement.Length == 1 ? (pattern as StringPattern)?.Single : null;

    public override bool Apply(AlignedText text, TextBuffer output)
    {
        if (_old is { } old)
        {
            if (!text.Text.Contains(old))
            {
                return false;
            }
            output.Append(text);
            output.Replace(old, replacement[0], 0);
            return true;
        }
        int done = 0;
        bool found = false;
        Matches matches = new(pattern, text.Text);
        while (text.Length > 0 && matches.Next(out int start, out int end))
        {
            found = true;
            output.Append(text.Slice(done, start - done));
            (int from, int to) = end > 0 ? (text.Start(end - 1), text.End(end - 1)) : (text.Start(0), text.Start(0));
            foreach (char c in replacement)
            {
                output.Append(c, from, to);
            }
            done = end;
        }
        if (found)
        {
            output.Append(text.Slice(done, text.Length - done));
        }
        return found;
    }
}

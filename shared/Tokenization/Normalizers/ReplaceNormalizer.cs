namespace Retrieval.Tokenization;

/// <summary>Each match of a pattern becomes another text, which has the place of the match's last character (of the one before it when the match is empty).</summary>
internal sealed class ReplaceNormalizer(TextPattern pattern, string replacement) : Normalizer
{
    public override bool Apply(AlignedText text, TextBuffer output)
    {
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

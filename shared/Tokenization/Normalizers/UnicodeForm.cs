using System.Buffers;

namespace Retrieval.Tokenization;

/// <summary>
/// NFC, NFD, NFKC and NFKD of Unicode 9.0 with the places that the reference gives: where several characters become one it has the place of the first, where one
/// becomes several all have its place; a mark that moves takes the place that it comes to. Only the stretches that may change are worked on.
/// </summary>
internal sealed class UnicodeForm : Normalizer
{
    private readonly CodePointMap _decompositions;
    private readonly bool _composes;
    private readonly CodePointSet _stable;
    private readonly SearchValues<char> _plain;

    private UnicodeForm(CodePointMap decompositions, bool composes)
    {
        (_decompositions, _composes) = (decompositions, composes);
        CodePointRanges moving = composes ? Decomposition.Marks | Decomposition.Seconds : Decomposition.Marks;
        CodePointRanges unstable = moving | CodePointRanges.Of(decompositions.Sources.CodePoints().Where(c => !Recomposes(c, moving)).Select(c => (c, c)));
        _stable = new CodePointSet(~unstable);
        _plain = SearchValues.Create([.. Enumerable.Range(0, unstable.Turns[0]).Select(c => (char)c)]);
    }

    /// <param name="name">NFC, NFD, NFKC or NFKD.</param>
    public static UnicodeForm Of(string name) => new(name.Contains('K', StringComparison.Ordinal) ? Decomposition.Compatible : Decomposition.Canonical, name.EndsWith('C'));

    public override bool Apply(AlignedText text, TextBuffer output)
    {
        int unstable = NextUnstable(text.Text, 0);
        if (unstable == text.Length)
        {
            return false;
        }
        CombiningSequence sequence = CombiningSequence.Mine;
        for (int done = 0; done < text.Length; unstable = NextUnstable(text.Text, done))
        {
            // The last stable character before may be composed with what follows.
            int start = unstable == done || unstable == text.Length ? unstable : unstable - LengthBefore(text.Text, unstable);
            output.Append(text.Slice(done, start - done));
            int end = NextStable(text.Text, unstable);
            if (end > start)
            {
                Rewrite(text.Slice(start, end - start), sequence, output);
            }
            done = end;
        }
        return true;
    }

    private void Rewrite(AlignedText part, CombiningSequence sequence, TextBuffer output)
    {
        sequence.Clear();
        for (int i = 0; i < part.Length;)
        {
            int codePoint = part.CodePoint(i, out int length);
            ReadOnlySpan<int> parts = _decompositions.Find(codePoint);
            if (parts.IsEmpty)
            {
                sequence.Add(codePoint, 0);
            }
            for (int k = 0; k < parts.Length; k++)
            {
                sequence.Add(parts[k], k == 0 ? 0 : 1);
            }
            i += length;
        }
        Transformation transformation = new(part, output);
        sequence.PutInOrder(ref transformation, _composes);
    }

    // Comes back out of its decomposition, and takes no part in what stands before it.
    private bool Recomposes(int codePoint, CodePointRanges moving)
    {
        ReadOnlySpan<int> parts = _decompositions.Find(codePoint);
        return _composes && parts.Length > 1 && !moving.Contains(parts[0]) && Composed(parts) == codePoint;
    }

    // What a decomposition in canonical order composes to, when it is one code point.
    private static int Composed(ReadOnlySpan<int> parts)
    {
        int composed = parts[0];
        foreach (int part in parts[1..])
        {
            composed = Decomposition.Compose(composed, part);
            if (composed < 0)
            {
                return -1;
            }
        }
        return composed;
    }

    private int NextUnstable(ReadOnlySpan<char> text, int from)
    {
        int plain = text[from..].IndexOfAnyExcept(_plain);
        int at = plain < 0 ? text.Length : from + plain;
        while (at < text.Length && _stable.Contains(Characters.At(text, at, out int length)))
        {
            at += length;
        }
        return at;
    }

    private int NextStable(ReadOnlySpan<char> text, int from)
    {
        int at = from;
        while (at < text.Length && Characters.At(text, at, out int length) is var c && !_stable.Contains(c))
        {
            at += length;
        }
        return at;
    }

    private static int LengthBefore(ReadOnlySpan<char> text, int at)
    {
        Characters.Before(text, at, out int length);
        return length;
    }
}

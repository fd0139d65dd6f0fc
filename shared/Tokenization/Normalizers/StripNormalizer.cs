namespace Retrieval.Tokenization;

/// <summary>Takes white space from the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override bool Apply(AlignedText text, TextBuffer output)
    {
        int start = 0, end = text.Length;
        while (left && start < end && Characters.White.Contains(text.Text[start]))
        {
            start++;
        }
        while (right && end > start && Characters.White.Contains(text.Text[end - 1]))
        {
            end--;
        }
        if (end - start == text.Length)
        {
            return false;
        }
        output.Append(text.Slice(start, end - start));
        return true;
    }
}

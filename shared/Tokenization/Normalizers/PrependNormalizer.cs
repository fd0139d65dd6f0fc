namespace Retrieval.Tokenization;

/// <summary>Puts a text before each text that is not empty; it has the place of the first character.</summary>
internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    public override bool Apply(AlignedText text, TextBuffer output)
    {
        if (text.Length == 0)
        {
            return false;
        }
        foreach (char c in prefix)
        {
            output.Append(c, text.Start(0), text.End(0));
        }
        output.Append(text);
        return true;
    }
}

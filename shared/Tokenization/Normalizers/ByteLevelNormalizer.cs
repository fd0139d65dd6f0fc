namespace Retrieval.Tokenization;

/// <summary>The text as its UTF-8 bytes, a character each.</summary>
internal sealed class ByteLevelNormalizer : Normalizer
{
    public override bool Apply(AlignedText text, TextBuffer output)
    {
        ByteAlphabet.Append(text, output);
        return true;
    }
}

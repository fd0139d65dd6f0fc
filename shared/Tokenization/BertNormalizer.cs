namespace Retrieval.Tokenization;

/// <summary>Options of the BertNormalizer component.</summary>
/// <param name="CleanText">Drop control characters, turn white space into spaces.</param>
/// <param name="ChineseChars">Ideographs are words of their own.</param>
/// <param name="StripAccents">Decompose and drop marks; left out in the file it follows <paramref name="Lowercase"/>.</param>
/// <param name="Lowercase">Lower case, code point by code point.</param>
internal sealed record BertNormalizer(bool CleanText, bool ChineseChars, bool StripAccents, bool Lowercase)
{
    public static BertNormalizer Read(JsonNodeReader node)
    {
        bool lowercase = node.Boolean("lowercase", true);
        return new BertNormalizer(node.Boolean("clean_text", true), node.Boolean("handle_chinese_chars", true), node.Boolean("strip_accents", lowercase), lowercase);
    }
}

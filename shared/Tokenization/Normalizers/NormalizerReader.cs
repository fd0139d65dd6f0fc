namespace Retrieval.Tokenization;

/// <summary>The normalizer of the file.</summary>
internal static class NormalizerReader
{
    private const string Supported = "BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Nmt, Prepend, Replace, Precompiled, ByteLevel, Sequence";

    public static Normalizer? Read(JsonNodeReader node)
    {
        if (node.IsNull)
        {
            return null;
        }
        Normalizer[] steps = [.. Steps(node)];
        return steps.Length == 1 ? steps[0] : new NormalizerSequence(steps);
    }

    private static IEnumerable<Normalizer> Steps(JsonNodeReader node) =>
        node.Type == "Sequence" ? node["normalizers"].Items().SelectMany(Steps) : [One(node)];

    private static Normalizer One(JsonNodeReader node) => node.Type switch
    {
        "BertNormalizer" => BertNormalizer.Read(node),
        "NFC" or "NFD" or "NFKC" or "NFKD" => UnicodeForm.Of(node.Type),
        "Lowercase" => new LowercaseNormalizer(),
        "StripAccents" => new FilterNormalizer(c => Characters.Accent.Contains(c) ? -1 : c, 0x300),
        "Nmt" => new FilterNormalizer(FilterNormalizer.Nmt, 0),
        "Strip" => new StripNormalizer(node.Boolean("strip_left", true), node.Boolean("strip_right", true)),
        "Prepend" => new PrependNormalizer(node["prepend"].String()),
        "Replace" => new ReplaceNormalizer(PatternFile.Read(node["pattern"]), node["content"].String()),
        "Precompiled" => new PrecompiledNormalizer(Charsmap.Read(node["precompiled_charsmap"])),
        "ByteLevel" => new ByteLevelNormalizer(),
        _ => throw node.Unsupported(Supported),
    };
}

using System.Text;

namespace Retrieval.Tokenization;

/// <summary>The decoder of the file.</summary>
internal static class DecoderReader
{
    private const string Supported = "WordPiece, BPEDecoder, ByteLevel, Metaspace, CTC, ByteFallback, Fuse, Strip, Replace, Sequence";

    public static Decoder? Read(JsonNodeReader node) => node.IsNull ? null : node.Type switch
    {
        "WordPiece" => new WordPieceDecoder(node.String("prefix", "##"), node.Boolean("cleanup", true)),
        "BPEDecoder" => BpeDecoder(NotEmpty(node, "suffix", "</w>")),
        "ByteLevel" => new ByteLevelDecoder(),
        "Metaspace" => Metaspace(MetaspaceOptions.Read(node)),
        "CTC" => new CtcDecoder(NotEmpty(node, "pad_token", "<pad>"), NotEmpty(node, "word_delimiter_token", "|"), node.Boolean("cleanup", true)),
        "ByteFallback" => new ByteFallbackDecoder(),
        "Fuse" => new FuseDecoder(),
        "Strip" => new StripDecoder(Rune(node["content"]), Count(node["start"]), Count(node["stop"])),
        "Replace" => new ReplaceDecoder(PatternFile.Read(node["pattern"]), node["content"].String()),
        "Sequence" => new DecoderSequence([.. node["decoders"].Items().Select(d => Read(d) ?? throw d.Unsupported(Supported))]),
        _ => throw node.Unsupported(Supported),
    };

    private static TokenDecoder BpeDecoder(string suffix) => new((token, index, count) => token.Replace(suffix, index == count - 1 ? "" : " ", StringComparison.Ordinal));

    private static TokenDecoder Metaspace(MetaspaceOptions options)
    {
        string mark = options.Mark.ToString();
        return new TokenDecoder((token, index, _) => token.Replace(mark, index == 0 && options.Scheme != PrependScheme.Never ? "" : " ", StringComparison.Ordinal));
    }

    private static string NotEmpty(JsonNodeReader node, string name, string absent) => node.String(name, absent) is { Length: > 0 } text ? text : throw node[name].Unsupported("a text that is not empty");

    private static Rune Rune(JsonNodeReader node) => node.String().EnumerateRunes().ToArray() is [Rune one] ? one : throw node.Wrong("expected one character");

    private static int Count(JsonNodeReader node) => node.Integer() is >= 0 and int count ? count : throw node.Wrong("expected a number of characters");
}

namespace Retrieval.Tokenization;

/// <summary>The pre_tokenizer of the file.</summary>
internal static class PreTokenizerReader
{
    private const string Supported =
        "BertPreTokenizer, Whitespace, WhitespaceSplit, ByteLevel, Metaspace, Punctuation, Digits, Split, UnicodeScripts, CharDelimiterSplit, FixedLength, Sequence";

    // Written out as in GPT-2's encoder.py, which the reference library's ByteLevel has built in.
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public static PreTokenizer? Read(JsonNodeReader node) => node.IsNull ? null : node.Type switch
    {
        "BertPreTokenizer" => new BertPreTokenizer(),
        "Whitespace" => new WhitespacePreTokenizer(),
        "WhitespaceSplit" => new CharacterSplit(Characters.White.Contains, SplitBehavior.Removed),
        "ByteLevel" => new ByteLevelPreTokenizer(node.Boolean("add_prefix_space", true), node.Boolean("use_regex", true) ? PatternFile.Regex(Gpt2, node) : null, true),
        "Metaspace" when MetaspaceOptions.Read(node) is var o => new MetaspacePreTokenizer(o.Mark.Value, o.Scheme, o.Split),
        "Punctuation" => new CharacterSplit(Characters.Punctuation.Contains, Behavior(node, "Isolated")),
        "Digits" => new CharacterSplit(Characters.Numeric.Contains, node.Boolean("individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous),
        "Split" => new PatternSplit(PatternFile.Read(node["pattern"]), Behavior(node, null), node.Boolean("invert", false)),
        "UnicodeScripts" => new UnicodeScriptsSplit(),
        "CharDelimiterSplit" => Delimiter(node["delimiter"]),
        "FixedLength" => new FixedLengthSplit(node["length"].IsNull ? 5 : node["length"].Integer() is > 0 and int length ? length : throw node["length"].Wrong("expected a number of characters from 1")),
        "Sequence" => new PreTokenizerSequence([.. node["pretokenizers"].Items().Select(p => Read(p) ?? throw p.Unsupported(Supported))]),
        _ => throw node.Unsupported(Supported),
    };

    private static CharacterSplit Delimiter(JsonNodeReader node) =>
        node.String().EnumerateRunes().ToArray() is [System.Text.Rune one] ? new CharacterSplit(c => c == one.Value, SplitBehavior.Removed) : throw node.Wrong("expected one character");

    private static SplitBehavior Behavior(JsonNodeReader node, string? absent)
    {
        JsonNodeReader behavior = node["behavior"];
        string name = behavior.IsNull && absent is not null ? absent : behavior.String();
        return Enum.TryParse(name, out SplitBehavior parsed) && Enum.IsDefined(parsed) && !char.IsAsciiDigit(name[0]) ? parsed : throw behavior.Unsupported(string.Join(", ", Enum.GetNames<SplitBehavior>()));
    }
}

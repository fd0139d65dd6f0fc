using System.Text.Json.Nodes;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

/// <summary>A tokenizer of each model, made here.</summary>
internal static class SmallTokenizers
{
    public static IReadOnlyList<(string Name, Tokenizer Tokenizer)> All { get; } =
    [
        ("WordPiece", SmallTokenizer.Load(SmallTokenizer.Json())),
        ("byte-level BPE", SmallTokenizer.Load(ByteLevel())),
        ("SentencePiece BPE", SmallTokenizer.Load(SentencePiece())),
        ("Unigram", SmallTokenizer.Load(Unigram())),
        ("WordLevel", SmallTokenizer.Load(WordLevel())),
    ];

    /// <summary>All bytes and two merges; the text comes back whole.</summary>
    public static JsonObject ByteLevel()
    {
        string[] bytes = [.. Enumerable.Range(0, 256).Select(b => $"{ByteAlphabet.Character((byte)b)}")];
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(SmallTokenizer.Added("<s>", 258, special: true)),
            ["pre_tokenizer"] = Component("ByteLevel", ("add_prefix_space", false), ("use_regex", true)),
            ["post_processor"] = Component("ByteLevel", ("trim_offsets", false)),
            ["decoder"] = Component("ByteLevel"),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = Ids([.. bytes, "th", "the"]), ["merges"] = new JsonArray("t h", "th e") },
        };
    }

    /// <summary>Llama's form: a mark for each space, unknown characters as bytes.</summary>
    public static JsonObject SentencePiece() => new()
    {
        ["normalizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["normalizers"] = new JsonArray(Component("Prepend", ("prepend", "▁")), new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = " " }, ["content"] = "▁" }),
        },
        ["decoder"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["decoders"] = new JsonArray(
                new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = "▁" }, ["content"] = " " },
                Component("ByteFallback"), Component("Fuse"), Component("Strip", ("content", " "), ("start", 1), ("stop", 0))),
        },
        ["model"] = new JsonObject
        {
            ["type"] = "BPE", ["unk_token"] = "<unk>", ["fuse_unk"] = true, ["byte_fallback"] = true,
            ["vocab"] = Ids(["<unk>", .. Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>"), "▁", "t", "h", "e", "th", "the", "▁the"]),
            ["merges"] = new JsonArray("t h", "th e", "▁ the"),
        },
    };

    /// <summary>A few pieces and the unknown one.</summary>
    public static JsonObject Unigram() => new()
    {
        ["pre_tokenizer"] = Component("Metaspace", ("replacement", "▁"), ("prepend_scheme", "always")),
        ["decoder"] = Component("Metaspace", ("replacement", "▁"), ("prepend_scheme", "always")),
        ["model"] = new JsonObject
        {
            ["type"] = "Unigram", ["unk_id"] = 0,
            ["vocab"] = new JsonArray(new JsonArray("<unk>", 0), new JsonArray("▁", -2.5), new JsonArray("▁the", -1.5), new JsonArray("cat", -3.25), new JsonArray("s", -4), new JsonArray("é", -5.5)),
        },
    };

    /// <summary>Words as they are.</summary>
    public static JsonObject WordLevel() => new()
    {
        ["pre_tokenizer"] = Component("Whitespace"),
        ["model"] = new JsonObject { ["type"] = "WordLevel", ["unk_token"] = "[UNK]", ["vocab"] = Ids(["[UNK]", "the", "cats", "."]) },
    };

    public static JsonObject Component(string type, params (string Name, JsonNode? Value)[] options) =>
        new([KeyValuePair.Create("type", (JsonNode?)type), .. options.Select(o => KeyValuePair.Create(o.Name, o.Value))]);

    private static JsonObject Ids(IEnumerable<string> tokens) => new(tokens.Select((t, id) => KeyValuePair.Create(t, (JsonNode?)id)));
}

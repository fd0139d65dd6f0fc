using System.Text.Json.Nodes;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

/// <summary>A whole tokenizer.json of a few tokens, to be changed at will before it is loaded.</summary>
internal static class SmallTokenizer
{
    private static readonly string[] Tokens =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "##s", "un", "##believ", "##able", ".", ",", "!", "'", "é", "e", "\u6771", "\u4EAC", "##\u4EAC", "\U0001F600", "##\U0001F600", "[", "]", "-",
        .. "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".Where(c => c != 'e').Select(c => $"{c}"), .. "abcdefghijklmnopqrtuvwxyz0123456789".Select(c => $"##{c}"),
    ];

    public static JsonObject Json() => new()
    {
        ["added_tokens"] = new JsonArray([.. Enumerable.Range(0, 5).Select(id => Added(Tokens[id], id, special: true))]),
        ["normalizer"] = new JsonObject { ["type"] = "BertNormalizer", ["clean_text"] = true, ["handle_chinese_chars"] = true, ["strip_accents"] = null, ["lowercase"] = true },
        ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
        ["post_processor"] = new JsonObject { ["type"] = "BertProcessing", ["cls"] = new JsonArray("[CLS]", 2), ["sep"] = new JsonArray("[SEP]", 3) },
        ["decoder"] = new JsonObject { ["type"] = "WordPiece", ["prefix"] = "##", ["cleanup"] = true },
        ["model"] = new JsonObject
        {
            ["type"] = "WordPiece",
            ["unk_token"] = "[UNK]",
            ["continuing_subword_prefix"] = "##",
            ["max_input_chars_per_word"] = 100,
            ["vocab"] = new JsonObject(Tokens.Select((t, id) => KeyValuePair.Create(t, (JsonNode?)id))),
        },
    };

    public static JsonNode Added(string content, int id, bool special = false) => new JsonObject { ["id"] = id, ["content"] = content, ["special"] = special, ["normalized"] = false };

    public static Tokenizer Load(JsonNode json) => Tokenizer.Parse(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()), "small.json");

    public static Tokenizer Load(Action<JsonObject> change)
    {
        JsonObject json = Json();
        change(json);
        return Load(json);
    }
}

using System.Text.Json.Nodes;
using Google.Protobuf;
using Retrieval.Onnx.Wire;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Encoder;

/// <summary>A sentence-transformers folder around a golden decoder of 320 tokens and 64 dimensions: last-token pooling, and a byte-level BPE of one merge.</summary>
internal static class DecoderFolder
{
    private const int Begin = 1, End = 2, FirstByte = 3, Merged = FirstByte + 256;

    private const string Config = """{"model_type":"llama","hidden_size":64,"num_attention_heads":4,"num_key_value_heads":2,"max_position_embeddings":128}""";

    /// <summary>Writes it.</summary>
    /// <param name="folder">To make.</param>
    /// <param name="form">Export of the golden llama.</param>
    /// <param name="unitLength">With a Normalize module.</param>
    /// <param name="change">Of the graph.</param>
    /// <param name="config">config.json.</param>
    public static string Write(string folder, string form, bool unitLength, Action<ModelProto>? change = null, string config = Config)
    {
        Directory.CreateDirectory(Path.Combine(folder, "1_Pooling"));
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(Shared.Require("golden", "llama"), form + ".onnx")));
        change?.Invoke(model);
        File.WriteAllBytes(Path.Combine(folder, "model.onnx"), model.ToByteArray());
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer().ToJsonString());
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        File.WriteAllText(Path.Combine(folder, "1_Pooling", "config.json"), """{"word_embedding_dimension":64,"pooling_mode_cls_token":false,"pooling_mode_mean_tokens":false,"pooling_mode_lasttoken":true}""");
        string[] modules = ["Transformer\",\"path\":\"", "Pooling\",\"path\":\"1_Pooling", .. unitLength ? (string[])["Normalize\",\"path\":\"2_Normalize"] : []];
        File.WriteAllText(Path.Combine(folder, "modules.json"), $"[{string.Join(',', modules.Select(m => $$"""{"type":"sentence_transformers.models.{{m}}"}"""))}]");
        return folder;
    }

    /// <summary>What the tokenizer has to give for a text: its bytes, "th" as one, between the two tokens of its template.</summary>
    public static long[] Ids(string text)
    {
        List<long> ids = [Begin];
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        for (int i = 0; i < bytes.Length; i++)
        {
            bool merges = bytes[i] == 't' && i + 1 < bytes.Length && bytes[i + 1] == 'h';
            ids.Add(merges ? Merged : FirstByte + bytes[i]);
            i += merges ? 1 : 0;
        }
        return [.. ids, End];
    }

    private static JsonObject Tokenizer()
    {
        JsonObject words = new() { ["<unk>"] = 0, ["<s>"] = Begin, ["</s>"] = End, ["th"] = Merged };
        int others = 0;
        for (int b = 0; b < 256; b++)
        {
            // GPT-2's alphabet: printable Latin-1 stands for itself, the rest follows from U+0100.
            words[$"{(char)(b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? b : 256 + others++)}"] = FirstByte + b;
        }
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(Added("<unk>", 0), Added("<s>", Begin), Added("</s>", End)),
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true },
            ["post_processor"] = Template(),
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = words, ["merges"] = new JsonArray("t h") },
        };
    }

    private static JsonObject Added(string content, int id) => new JsonObject { ["id"] = id, ["content"] = content, ["special"] = true, ["normalized"] = false };

    private static JsonNode Template() => JsonNode.Parse("""
        {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],
        "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
        "special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]},"</s>":{"id":"</s>","ids":[2],"tokens":["</s>"]}}}
        """)!;
}

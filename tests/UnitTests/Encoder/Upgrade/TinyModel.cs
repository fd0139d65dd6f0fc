using Retrieval.Encoder;
using Retrieval.Onnx;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Encoder.Upgrade;

/// <summary>A served folder around a golden model of 64 dimensions; its tokenizer is the shipped one with few words, so that ids fit its vocabulary.</summary>
internal static class TinyModel
{
    // The golden models know 320 tokens.
    private const string Tokenizer = """
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":0,"content":"[PAD]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},{"id":1,"content":"[UNK]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},{"id":2,"content":"[CLS]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},{"id":3,"content":"[SEP]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
        "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],"pair":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}},{"Sequence":{"id":"B","type_id":1}},{"SpecialToken":{"id":"[SEP]","type_id":1}}],"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[3],"tokens":["[SEP]"]}}},
        "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{WORDS}}}
        """;

    /// <summary>Words that it knows.</summary>
    public static readonly string[] Words = [.. Enumerable.Range(0, 200).Select(i => $"{(char)('a' + i / 26)}{(char)('a' + i % 26)}")];

    /// <summary>Writes a folder: mean pooling, then a dense layer when there are weights, then unit length.</summary>
    public static string Write(string folder, string form = "ts-sdpa-14.onnx", WeightTensor? dense = null)
    {
        Directory.CreateDirectory(Path.Combine(folder, "onnx"));
        File.Copy(Path.Combine(Shared.Require("golden", "bert"), form), Path.Combine(folder, "onnx", "model.onnx"));
        string words = string.Join(',', ((string[])["[PAD]", "[UNK]", "[CLS]", "[SEP]", .. Words]).Select((w, i) => $"\"{w}\":{i}"));
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer.Replace("WORDS", words, StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(folder, "config.json"), """{"hidden_size":64,"max_position_embeddings":64}""");
        Module(folder, "1_Pooling", """{"pooling_mode_mean_tokens":true}""");
        if (dense is not null)
        {
            Module(folder, "2_Dense", $$"""{"in_features":{{dense.Shape[1]}},"out_features":{{dense.Shape[0]}},"bias":false,"activation_function":"torch.nn.modules.linear.Identity"}""");
            Safetensors.Write(Path.Combine(folder, "2_Dense", "model.safetensors"), [dense with { Name = "linear.weight" }]);
        }
        File.WriteAllText(Path.Combine(folder, "modules.json"), $"[{string.Join(',', ((string[])[Entry("Transformer", ""), Entry("Pooling", "1_Pooling"), .. dense is null ? [] : (string[])[Entry("Dense", "2_Dense")], Entry("Normalize", "3_Normalize")]))}]");
        return folder;
    }

    public static string Entry(string type, string path) => $$"""{"type":"sentence_transformers.models.{{type}}","path":"{{path}}"}""";

    /// <summary>Some texts of known words.</summary>
    public static string[] Texts(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(i => string.Join(' ', Enumerable.Range(0, random.Next(2, 12)).Select(_ => Words[random.Next(Words.Length)])) + $" {Words[i % Words.Length]}")];
    }

    public static EncoderOptions Options(string compiled, params string[] folders) => new()
    {
        Models = [.. folders.Select(f => new ModelOptions { Path = f })], Provider = "cpu", Threads = 1, CompiledFolder = compiled, CacheBytes = 0,
    };

    private static void Module(string folder, string name, string config)
    {
        Directory.CreateDirectory(Path.Combine(folder, name));
        File.WriteAllText(Path.Combine(folder, name, "config.json"), config);
    }
}

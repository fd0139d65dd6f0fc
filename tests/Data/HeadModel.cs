using System.Text.Json;

namespace Retrieval.Tests.Data;

/// <summary>A served folder around a tiny golden model with a head, of 320 tokens: the word t7 is token 7, and nothing stands around a text.</summary>
internal static class HeadModel
{
    /// <summary>Token ids that it knows.</summary>
    public const int Vocabulary = 320;

    /// <summary>Heads by the architecture that config.json names.</summary>
    public static readonly IReadOnlyDictionary<string, string> Architectures = new Dictionary<string, string>
    {
        ["mlm"] = "BertForMaskedLM", ["crossencoder"] = "BertForSequenceClassification", ["classifier"] = "BertForSequenceClassification",
    };

    /// <summary>Writes it.</summary>
    /// <param name="folder">To make.</param>
    /// <param name="goldens">The folder of the golden exports.</param>
    /// <param name="head">mlm, crossencoder or classifier.</param>
    public static string Write(string folder, string goldens, string head)
    {
        Directory.CreateDirectory(Path.Combine(folder, "onnx"));
        File.Copy(Path.Combine(goldens, head + ".onnx"), Path.Combine(folder, "onnx", "model.onnx"));
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer());
        Dictionary<string, string> labels = head switch { "crossencoder" => new() { ["0"] = "LABEL_0" }, _ => new() { ["0"] = "calm", ["1"] = "glad", ["2"] = "sad" } };
        File.WriteAllText(Path.Combine(folder, "config.json"), JsonSerializer.Serialize(new { model_type = "bert", architectures = new[] { Architectures[head] }, hidden_size = 64, vocab_size = Vocabulary, max_position_embeddings = 64, id2label = labels }));
        return folder;
    }

    /// <summary>A text of tokens.</summary>
    public static string Text(IEnumerable<long> ids) => string.Join(' ', ids.Select(i => $"t{i}"));

    private static string Tokenizer()
    {
        object Part(string id, int type) => new { Sequence = new { id, type_id = type } };
        return JsonSerializer.Serialize(new
        {
            version = "1.0",
            added_tokens = Array.Empty<object>(),
            pre_tokenizer = new { type = "WhitespaceSplit" },
            post_processor = new { type = "TemplateProcessing", single = new[] { Part("A", 0) }, pair = new[] { Part("A", 0), Part("B", 1) }, special_tokens = new { } },
            model = new { type = "WordLevel", vocab = Enumerable.Range(0, Vocabulary).ToDictionary(i => $"t{i}"), unk_token = "t1" },
        });
    }
}

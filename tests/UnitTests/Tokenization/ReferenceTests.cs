using System.Text.Json;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

public sealed class ReferenceTests
{
    private static readonly string[] Supported =
    [
        "real/bert-cased", "real/bert-chinese-m3e", "real/bert-uncased-minilm", "synthetic/wp-cased", "synthetic/wp-lower-keep-accents-noclean", "synthetic/wp-prefix-max20",
        "synthetic/wp-strip-accents-cased-nocjk", "synthetic/wp-truncation-padding-in-file", "synthetic/wp-uncased",
    ];

    // The first four kinds are compared; the others are what the interface has no argument for, counted so that none is passed over in silence.
    [Theory]
    [InlineData("real/bert-cased", "single 703, pair 53, truncated 7, decode 29, batch 11, encode_special_tokens 5, is_pretokenized 5, truncated pair 45, truncation at the left 18, truncation of a second text that is not there 1, truncation with stride 14")]
    [InlineData("real/bert-chinese-m3e", "single 703, pair 53, truncated 7, decode 29, batch 11, encode_special_tokens 5, is_pretokenized 5, truncated pair 45, truncation at the left 18, truncation of a second text that is not there 1, truncation with stride 14")]
    [InlineData("real/bert-uncased-minilm", "single 703, pair 53, truncated 7, decode 29, batch 15, encode_special_tokens 5, is_pretokenized 5, truncated pair 45, truncation at the left 18, truncation of a second text that is not there 1, truncation with stride 14")]
    [InlineData("synthetic/wp-cased", "single 198, pair 23, truncated 4, decode 29, batch 11, encode_special_tokens 5, is_pretokenized 5, truncated pair 25, truncation at the left 10, truncation of a second text that is not there 1, truncation with stride 7")]
    [InlineData("synthetic/wp-lower-keep-accents-noclean", "single 215, pair 23, truncated 4, decode 29, batch 11, encode_special_tokens 5, is_pretokenized 5, truncated pair 22, truncation at the left 9, truncation of a second text that is not there 1, truncation with stride 8")]
    [InlineData("synthetic/wp-prefix-max20", "single 201, pair 23, truncated 3, decode 29, batch 11, encode_special_tokens 5, is_pretokenized 5, truncated pair 17, truncation at the left 10, truncation of a second text that is not there 1, truncation with stride 8")]
    [InlineData("synthetic/wp-strip-accents-cased-nocjk", "single 195, pair 23, truncated 4, decode 29, batch 11, encode_special_tokens 5, is_pretokenized 5, truncated pair 20, truncation at the left 10, truncation of a second text that is not there 1, truncation with stride 7")]
    [InlineData("synthetic/wp-truncation-padding-in-file", "single 212, pair 23, truncated 4, decode 29, batch 15, encode_special_tokens 5, is_pretokenized 5, truncated pair 22, truncation at the left 10, truncation of a second text that is not there 1, truncation with stride 7")]
    [InlineData("synthetic/wp-uncased", "single 206, pair 23, truncated 2, decode 29, batch 11, encode_special_tokens 5, is_pretokenized 5, truncated pair 22, truncation at the left 10, truncation of a second text that is not there 1, truncation with stride 9")]
    public void Every_case_that_can_be_asked_for_is_equal_to_the_reference(string name, string counts)
    {
        Tokenizer tokenizer = Reference.Tokenizer(name);
        Dictionary<string, int> kinds = new() { ["single"] = 0, ["pair"] = 0, ["truncated"] = 0, ["decode"] = 0 };
        int compared = kinds.Count;
        List<string> differences = [];
        foreach (ReferenceCase sample in Reference.Cases(name))
        {
            string kind = sample.Kind();
            kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
            if (kinds.Keys.Take(compared).Contains(kind) && sample.Difference(tokenizer) is { } difference)
            {
                differences.Add(difference);
            }
        }
        differences.ShouldBeEmpty();
        Assert.Equal(counts, string.Join(", ", kinds.Take(compared).Concat(kinds.Skip(compared).OrderBy(k => k.Key, StringComparer.Ordinal)).Select(k => $"{k.Key} {k.Value}")));
    }

    [Fact]
    public void Every_other_tokenizer_is_refused_by_the_name_of_the_component_that_is_missing()
    {
        string[] others = [.. Reference.Names().Except(Supported)];
        others.Length.ShouldBe(143);
        List<string> silent = [];
        foreach (string name in others)
        {
            byte[] file = Reference.File(name);
            (string path, string word) = FirstUnsupported(file);
            string message = Refusal(file, name);
            if (!message.StartsWith($"{name}: {path}", StringComparison.Ordinal) || !message.Contains($"'{word}' is not supported", StringComparison.Ordinal))
            {
                silent.Add($"{name}: expected {path} '{word}', found: {message}");
            }
        }
        silent.ShouldBeEmpty();
    }

    private static string Refusal(byte[] file, string name)
    {
        try
        {
            Tokenizer.Parse(file, name);
            return "loaded";
        }
        catch (TokenizerFormatException e)
        {
            return e.Message;
        }
    }

    /// <summary>JSON path and type of the first component, in the order of the pipeline, that this version does not have.</summary>
    private static (string Path, string Word) FirstUnsupported(byte[] file)
    {
        using JsonDocument document = JsonDocument.Parse(file);
        JsonElement root = document.RootElement, model = root.GetProperty("model");
        string type = TypeOf(model) is { Length: > 0 } named ? named : model.TryGetProperty("merges", out _) ? "BPE" : model.GetProperty("vocab").ValueKind == JsonValueKind.Array ? "Unigram" : "WordLevel";
        if (type != "WordPiece")
        {
            return ("model", type);
        }
        foreach ((string part, string supported) in new[] { ("normalizer", "BertNormalizer"), ("pre_tokenizer", "BertPreTokenizer") })
        {
            if (TypeOf(root.GetProperty(part)) != supported)
            {
                return (part, TypeOf(root.GetProperty(part)));
            }
        }
        int token = root.GetProperty("added_tokens").EnumerateArray().ToList().FindIndex(t => t.GetProperty("lstrip").GetBoolean());
        return token >= 0 ? ($"added_tokens[{token}].lstrip", "true") : throw new InvalidOperationException("Nothing here is unsupported.");
    }

    private static string TypeOf(JsonElement component) => component.ValueKind == JsonValueKind.Object && component.TryGetProperty("type", out JsonElement type) ? type.GetString()! : "";
}

using System.IO.Compression;
using System.Text.Json;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>Texts to tokenize.</summary>
/// <param name="Name">What they are.</param>
/// <param name="Description">Where they come from.</param>
/// <param name="Texts">In order.</param>
internal sealed record TokenizeTexts(string Name, string Description, IReadOnlyList<string> Texts)
{
    private const int Seed = 42;
    private static readonly string[] Sets = ["cranfield", "perlfaq", "xquad"], Files = ["corpus.jsonl", "queries.jsonl"];
    private static readonly string[] MixedGroups = ["script", "mix", "prose", "code", "emoji", "url", "number", "typed"];

    /// <summary>Bytes of UTF-8.</summary>
    public long Bytes { get; } = Texts.Sum(t => (long)System.Text.Encoding.UTF8.GetByteCount(t));

    /// <summary>Passages and questions of the evaluation sets, each once.</summary>
    public static TokenizeTexts English() => Of("English prose", "Cranfield, perlfaq and the English half of XQuAD, passages and questions, each once",
        [.. Sets.SelectMany(set => Files.SelectMany(file => Lines(Found("eval", set, file)))).Select(l => l.GetProperty("text").GetString()!)]);

    /// <summary>Sentences of tokenizers/chinese.txt, a few to a text.</summary>
    public static TokenizeTexts Chinese()
    {
        string[] sentences = File.ReadAllLines(TestData.InRepository("tests", "Benchmarks", "tokenizers", "chinese.txt"));
        Random random = new(Seed);
        string[] texts = [.. Enumerable.Range(0, 1000).Select(_ => string.Concat(random.GetItems(sentences, 4)))];
        return Of("Chinese", $"Texts of four sentences, drawn by seed {Seed} from {sentences.Length}, so each comes about {4 * texts.Length / sentences.Length} times", texts);
    }

    /// <summary>Texts of the goldens in many scripts, with code, addresses and emoji.</summary>
    public static TokenizeTexts Mixed()
    {
        const int Repeats = 20;
        string[] texts = [.. Lines(Found("tokenizers", "real", "bert-uncased-minilm", "cases.jsonl.gz"))
            .Where(c => MixedGroups.Contains(c.GetProperty("group").GetString()) && c.TryGetProperty("text", out JsonElement text) && text.ValueKind == JsonValueKind.String)
            .Select(c => c.GetProperty("text").GetString()!)];
        return Of("Mixed", $"Texts of the goldens in many scripts, with code, addresses and emoji, {Repeats} times", [.. Enumerable.Repeat(texts, Repeats).SelectMany(t => t)]);
    }

    private static TokenizeTexts Of(string name, string description, string[] texts)
    {
        TokenizeTexts made = new(name, "", texts);
        return made with { Description = $"{description}: {texts.Length} texts, {made.Bytes / 1e6:0.00} MB of UTF-8." };
    }

    private static string Found(params string[] path) => TestData.FindShared(path) ?? throw new InvalidOperationException($"shared/{string.Join('/', path)} is not there.");

    private static IEnumerable<JsonElement> Lines(string file)
    {
        using Stream stream = File.OpenRead(file);
        using StreamReader lines = new(file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(stream, CompressionMode.Decompress) : stream);
        while (lines.ReadLine() is { } line)
        {
            yield return JsonDocument.Parse(line).RootElement;
        }
    }
}

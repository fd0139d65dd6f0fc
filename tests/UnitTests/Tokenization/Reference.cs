using System.IO.Compression;
using System.Text.Json;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

/// <summary>What the reference library answered: tokenizer files, and cases with one input and its outputs each.</summary>
internal static class Reference
{
    private static readonly string[] Kinds = ["real", "synthetic"];

    /// <summary>The folder of reference tokenizers; skips the test where it is not there.</summary>
    public static string Folder() => Shared.Require("tokenizers");

    /// <summary>Names such as real/bert-cased, in order.</summary>
    public static string[] Names() => [.. Kinds
        .SelectMany(kind => Directory.GetDirectories(Path.Combine(Folder(), kind)).Select(d => $"{kind}/{Path.GetFileName(d)}"))
        .Order(StringComparer.Ordinal)];

    public static byte[] File(string name)
    {
        using MemoryStream bytes = new();
        using GZipStream file = Open(name, "tokenizer.json.gz");
        file.CopyTo(bytes);
        return bytes.ToArray();
    }

    public static Tokenizer Tokenizer(string name) => Retrieval.Tokenization.Tokenizer.Parse(File(name), name);

    public static IEnumerable<ReferenceCase> Cases(string name)
    {
        using StreamReader lines = new(Open(name, "cases.jsonl.gz"));
        while (lines.ReadLine() is { } line)
        {
            using JsonDocument document = JsonDocument.Parse(line);
            yield return new ReferenceCase(document.RootElement.Clone());
        }
    }

    private static GZipStream Open(string name, string file) =>
        new(System.IO.File.OpenRead(Path.Combine([Folder(), .. name.Split('/'), file])), CompressionMode.Decompress);
}

/// <summary>One line of the reference's answers.</summary>
internal sealed class ReferenceCase(JsonElement json)
{
    private static readonly string[] Unknown = ["padding", "is_pretokenized", "encode_special_tokens", "file_defaults"];

    public string Id => json.GetProperty("id").GetString()!;

    /// <summary>What our interface compares (single, pair, truncated, decode), or the first thing that it cannot be asked for.</summary>
    public string Kind()
    {
        if (json.TryGetProperty("batch", out _))
        {
            return "batch";
        }
        foreach (string option in Unknown)
        {
            if (Option(option).ValueKind != JsonValueKind.Undefined)
            {
                return option;
            }
        }
        return json.TryGetProperty("decode_ids", out _) ? "decode" : Truncation() ?? (Texts.Length == 2 ? "pair" : "single");
    }

    /// <summary>What differs between our answer and the reference's; null when nothing does.</summary>
    public string? Difference(Tokenizer tokenizer)
    {
        if (json.TryGetProperty("decode_ids", out JsonElement decode))
        {
            return Decoded(tokenizer, Ints(decode));
        }
        int? most = Option("truncation").ValueKind == JsonValueKind.Undefined ? null : Option("truncation").GetProperty("max_length").GetInt32();
        bool special = Option("add_special_tokens").ValueKind != JsonValueKind.False;
        Encoding actual = Texts.Length == 2 ? tokenizer.EncodePair(Texts[0], Texts[1], special) : tokenizer.Encode(Texts[0], special, most);
        return Unequal("ids", Ints("ids"), actual.Ids)
            ?? Unequal("type ids", Ints("type_ids"), actual.TypeIds)
            ?? Unequal("special tokens", Ints("special_tokens_mask"), [.. actual.IsSpecial.Select(s => s ? 1 : 0)])
            ?? Unequal("starts", Offsets(0, actual), actual.Starts)
            ?? Unequal("ends", Offsets(1, actual), actual.Ends)
            ?? Decoded(tokenizer, actual.Ids);
    }

    private string[] Texts => field ??= json.GetProperty("text") is { ValueKind: JsonValueKind.Array } both ? [.. both.EnumerateArray().Select(t => t.GetString()!)] : [json.GetProperty("text").GetString()!];

    private JsonElement Option(string name) => json.TryGetProperty("options", out JsonElement options) && options.TryGetProperty(name, out JsonElement value) ? value : default;

    private string? Truncation()
    {
        JsonElement truncation = Option("truncation");
        return truncation.ValueKind == JsonValueKind.Undefined ? null
            : Texts.Length == 2 ? "truncated pair"
            : truncation.GetProperty("direction").GetString() != "right" ? "truncation at the left"
            : truncation.GetProperty("stride").GetInt32() != 0 ? "truncation with stride"
            : truncation.GetProperty("strategy").GetString() == "only_second" ? "truncation of a second text that is not there"
            : "truncated";
    }

    private string? Decoded(Tokenizer tokenizer, int[] ids) =>
        Unequal("decoded", json.GetProperty("decoded").GetString()!, tokenizer.Decode(ids, true))
        ?? (json.TryGetProperty("decoded_with_special", out JsonElement all) ? Unequal("decoded with special tokens", all.GetString()!, tokenizer.Decode(ids, false)) : null);

    /// <summary>The reference counts code points, .NET counts UTF-16 units. The second text of a pair is the one of type 1.</summary>
    private int[] Offsets(int side, Encoding actual)
    {
        int[][] places = [.. Texts.Select(Places)];
        return [.. json.GetProperty("offsets").EnumerateArray().Select((o, i) => places[Texts.Length == 2 ? actual.TypeIds[i] : 0][o[side].GetInt32()])];
    }

    /// <summary>UTF-16 index of each code point, and of the end.</summary>
    private static int[] Places(string text)
    {
        List<int> places = [0];
        foreach (System.Text.Rune rune in text.EnumerateRunes())
        {
            places.Add(places[^1] + rune.Utf16SequenceLength);
        }
        return [.. places];
    }

    private int[] Ints(string name) => Ints(json.GetProperty(name));

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(i => i.GetInt32())];

    private string? Unequal(string what, int[] expected, int[] actual) =>
        expected.AsSpan().SequenceEqual(actual) ? null : Unequal(what, string.Join(' ', expected), string.Join(' ', actual));

    private string? Unequal(string what, string expected, string actual) =>
        expected == actual ? null : $"case {Id}, {what}: expected '{expected}', found '{actual}' for {json.GetRawText()[..Math.Min(300, json.GetRawText().Length)]}";
}

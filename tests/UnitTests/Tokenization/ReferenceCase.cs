using System.Text.Json;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

/// <summary>One line of the reference's answers.</summary>
internal sealed class ReferenceCase(JsonElement json)
{
    public string Id => json.GetProperty("id").GetString()!;

    /// <summary>What differs between our answer and the reference's; null when nothing does.</summary>
    public string? Difference(Tokenizer tokenizer)
    {
        bool fails = json.TryGetProperty("error", out _);
        try
        {
            string? difference = Compare(tokenizer, fails);
            return fails ? Differs("outcome", json.GetProperty("error_text").GetString()!, "an answer") : difference;
        }
        catch (Exception e) when (e is TokenizationException or ArgumentException)
        {
            return fails ? null : Differs("outcome", "an answer", e.Message);
        }
    }

    private string? Compare(Tokenizer tokenizer, bool fails)
    {
        if (json.TryGetProperty("decode_ids", out JsonElement decode))
        {
            int[] ids = Ints(decode);
            return fails ? tokenizer.Decode(ids, true) : Decoded(json, tokenizer, ids);
        }
        EncodeOptions options = Options(tokenizer);
        if (json.TryGetProperty("batch", out JsonElement batch))
        {
            EncodeInput[] inputs = [.. batch.EnumerateArray().Select(Input)];
            IReadOnlyList<Encoding> answers = tokenizer.EncodeBatch(inputs, options);
            return fails ? "an answer" : json.GetProperty("results").EnumerateArray().Select((r, i) => Encoding(r, answers[i], batch[i], tokenizer)).FirstOrDefault(d => d is not null);
        }
        JsonElement text = json.GetProperty("text");
        Encoding answer = tokenizer.Encode(Input(text), options);
        return fails ? tokenizer.Decode(answer.Ids, true) : Encoding(json, answer, text, tokenizer) ?? Hot(answer, text, options, tokenizer) ?? Normalized(text, tokenizer);
    }

    /// <summary>The span path gives the same as the convenient one.</summary>
    private string? Hot(Encoding expected, JsonElement text, EncodeOptions options, Tokenizer tokenizer)
    {
        if (text.ValueKind != JsonValueKind.String || options is not { Truncation: null, Padding: null, SpecialTokensAreText: false })
        {
            return null;
        }
        EncodingBuffer buffer = new();
        tokenizer.Encode(text.GetString(), options.AddSpecialTokens, int.MaxValue, buffer);
        return Unequal("span ids", expected.Ids, buffer.Ids.ToArray()) ?? Unequal("span type ids", expected.TypeIds, buffer.TypeIds.ToArray())
            ?? Unequal("span starts", expected.Starts, buffer.Starts.ToArray()) ?? Unequal("span ends", expected.Ends, buffer.Ends.ToArray());
    }

    private string? Normalized(JsonElement text, Tokenizer tokenizer) =>
        json.TryGetProperty("normalized", out JsonElement normalized) ? Unequal("normalized", normalized.GetString()!, tokenizer.Normalize(text.GetString()!)) : null;

    private string? Encoding(JsonElement expected, Encoding actual, JsonElement text, Tokenizer tokenizer)
    {
        string? difference = Unequal("ids", Ints(expected.GetProperty("ids")), actual.Ids)
            ?? Unequal("type ids", Ints(expected.GetProperty("type_ids")), actual.TypeIds)
            ?? Unequal("special tokens", Ints(expected.GetProperty("special_tokens_mask")), [.. actual.IsSpecial.Select(s => s ? 1 : 0)])
            ?? Unequal("attention", Ints(expected.GetProperty("attention_mask")), actual.AttentionMask)
            ?? Unequal("starts", Offsets(expected, 0, actual, text), actual.Starts)
            ?? Unequal("ends", Offsets(expected, 1, actual, text), actual.Ends)
            ?? Unequal("tokens", string.Join('\n', expected.GetProperty("tokens").EnumerateArray().Select(t => t.GetString())), string.Join('\n', actual.Tokens))
            ?? Decoded(expected, tokenizer, actual.Ids);
        JsonElement[] overflow = expected.TryGetProperty("overflowing", out JsonElement list) ? [.. list.EnumerateArray()] : [];
        return difference ?? (overflow.Length != actual.Overflow.Count
            ? Differs("overflow", $"{overflow.Length} parts", $"{actual.Overflow.Count} parts")
            : overflow.Select((o, i) => Encoding(o, actual.Overflow[i], text, tokenizer)).FirstOrDefault(d => d is not null));
    }

    private EncodeInput Input(JsonElement text) => text.ValueKind == JsonValueKind.String ? EncodeInput.Text(text.GetString()!)
        : Option("is_pretokenized").ValueKind == JsonValueKind.True ? EncodeInput.Words([.. text.EnumerateArray().Select(w => w.GetString()!)])
        : EncodeInput.Pair(text[0].GetString()!, text[1].GetString()!);

    private EncodeOptions Options(Tokenizer tokenizer) => new()
    {
        AddSpecialTokens = Option("add_special_tokens").ValueKind != JsonValueKind.False,
        SpecialTokensAreText = Option("encode_special_tokens").ValueKind == JsonValueKind.True,
        Truncation = Option("file_defaults").ValueKind == JsonValueKind.True ? tokenizer.FileTruncation : Truncation(Option("truncation")),
        Padding = Option("file_defaults").ValueKind == JsonValueKind.True ? tokenizer.FilePadding : Padding(Option("padding")),
    };

    private static Truncation? Truncation(JsonElement options) => options.ValueKind == JsonValueKind.Undefined ? null : new Truncation(
        options.GetProperty("max_length").GetInt32(),
        options.GetProperty("stride").GetInt32(),
        options.GetProperty("strategy").GetString() switch { "only_first" => TruncationStrategy.OnlyFirst, "only_second" => TruncationStrategy.OnlySecond, _ => TruncationStrategy.LongestFirst },
        Side(options));

    private static Padding? Padding(JsonElement options) => options.ValueKind == JsonValueKind.Undefined ? null : new Padding(options.GetProperty("pad_id").GetInt32(), options.GetProperty("pad_token").GetString()!)
    {
        TypeId = Number(options, "pad_type_id") ?? 0,
        Side = Side(options),
        Length = Number(options, "length"),
        MultipleOf = Number(options, "pad_to_multiple_of"),
    };

    private static Side Side(JsonElement options) => options.GetProperty("direction").GetString() == "left" ? Retrieval.Tokenization.Side.Left : Retrieval.Tokenization.Side.Right;

    private static int? Number(JsonElement options, string name) => options.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : null;

    private JsonElement Option(string name) => json.TryGetProperty("options", out JsonElement options) && options.TryGetProperty(name, out JsonElement value) ? value : default;

    private string? Decoded(JsonElement expected, Tokenizer tokenizer, int[] ids) =>
        (expected.TryGetProperty("decoded", out JsonElement decoded) ? Unequal("decoded", decoded.GetString()!, tokenizer.Decode(ids, true)) : null)
        ?? (expected.TryGetProperty("decoded_with_special", out JsonElement all) ? Unequal("decoded with special tokens", all.GetString()!, tokenizer.Decode(ids, false)) : null);

    /// <summary>The reference counts code points, .NET counts UTF-16 units.</summary>
    private int[] Offsets(JsonElement expected, int side, Encoding actual, JsonElement text)
    {
        int[][] places = text.ValueKind == JsonValueKind.String ? [Places(text.GetString()!)] : [.. text.EnumerateArray().Select(t => Places(t.GetString()!))];
        bool areWords = Option("is_pretokenized").ValueKind == JsonValueKind.True;
        return [.. expected.GetProperty("offsets").EnumerateArray().Select((o, i) => (areWords ? actual.Words[i] : actual.Sequences[i]) is >= 0 and int source ? places[source][o[side].GetInt32()] : o[side].GetInt32())];
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

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(i => i.GetInt32())];

    private string? Unequal(string what, int[] expected, int[] actual) =>
        expected.AsSpan().SequenceEqual(actual) ? null : Differs(what, string.Join(' ', expected), string.Join(' ', actual));

    private string? Unequal(string what, string expected, string actual) => string.Equals(expected, actual, StringComparison.Ordinal) ? null : Differs(what, expected, actual);

    private string Differs(string what, string expected, string actual)
    {
        string raw = json.GetRawText();
        return $"case {Id}, {what}: expected '{Short(expected)}', found '{Short(actual)}' for {raw[..Math.Min(300, raw.Length)]}";
    }

    private static string Short(string text) => text.Length <= 300 ? text : text[..300] + "…";
}

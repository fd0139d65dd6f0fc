using System.Runtime.InteropServices;
using System.Text.Json;

namespace Retrieval.Tokenization;

/// <summary>The options of a BPE model, as they stand in the file.</summary>
/// <param name="Tokens">The vocabulary.</param>
/// <param name="Merges">Which symbols become which.</param>
/// <param name="Unknown">Token of what is not in the vocabulary; null: it is dropped.</param>
/// <param name="Prefix">Before each symbol of a word but the first; may be empty.</param>
/// <param name="Suffix">After the last symbol of a word; may be empty.</param>
internal sealed record BpeFile(TokenTable Tokens, MergeTable Merges, string? Unknown, string Prefix, string Suffix)
{
    /// <summary>Neighbouring unknown characters are one token.</summary>
    public required bool FuseUnknown { get; init; }

    /// <summary>An unknown character is tokens of its bytes, when all of them are there.</summary>
    public required bool ByteFallback { get; init; }

    /// <summary>A piece that is a token is that token, whether merges lead there or not.</summary>
    public required bool IgnoreMerges { get; init; }

    /// <summary>No merge joins another character to a ▁ after it, so a piece may be cut there: SentencePiece's files give whole texts as one piece.</summary>
    public required bool FallsApart { get; init; }

    public static BpeFile Read(JsonNodeReader node, IReadOnlySet<int> elsewhere)
    {
        JsonNodeReader dropout = node["dropout"];
        if (!dropout.IsNull && (dropout.Element.ValueKind != JsonValueKind.Number || dropout.Element.GetDouble() != 0))
        {
            throw dropout.Unsupported("null or 0, since tokens would be drawn by chance");
        }
        string prefix = Optional(node["continuing_subword_prefix"]) ?? "", suffix = Optional(node["end_of_word_suffix"]) ?? "";
        string? unknown = Optional(node["unk_token"]);
        if (node.Boolean("byte_fallback", false) && prefix.Length + suffix.Length > 0)
        {
            throw node["byte_fallback"].Unsupported("false together with a continuing_subword_prefix or end_of_word_suffix, or true without both");
        }
        TokenTable tokens = VocabularyFile.ReadIds(node["vocab"], elsewhere);
        MergeTable merges = ReadMerges(node["merges"], tokens, prefix, out bool crosses);
        return new BpeFile(tokens, merges, unknown, prefix, suffix)
        {
            FuseUnknown = node.Boolean("fuse_unk", false),
            ByteFallback = node.Boolean("byte_fallback", false),
            IgnoreMerges = node.Boolean("ignore_merges", false),
            FallsApart = !crosses && prefix.Length + suffix.Length == 0 && tokens.Find([BpeModel.Space]) >= 0 && !(unknown ?? "").EndsWith(BpeModel.Space),
        };
    }

    private static string? Optional(JsonNodeReader node) => node.IsNull ? null : node.String();

    /// <summary>Reads "a b" or ["a", "b"]; one list has one of the two.</summary>
    private static MergeTable ReadMerges(JsonNodeReader node, TokenTable tokens, string prefix, out bool crosses)
    {
        if (node.Element.ValueKind != JsonValueKind.Array)
        {
            throw node.Wrong("expected a list of merges");
        }
        int prefixBytes = System.Text.Encoding.UTF8.GetByteCount(prefix), count = node.Element.GetArrayLength(), rank = 0;
        MergeTable merges = new(count);
        Utf8JsonReader reader = new(JsonMarshal.GetRawUtf8Value(node.Element));
        char[] text = new char[4 * tokens.LongestLength + 64];
        JsonTokenType notation = JsonTokenType.None;
        crosses = false;
        reader.Read();
        for (int i = 0; i < count; i++)
        {
            reader.Read();
            JsonTokenType found = reader.TokenType;
            int left = 0, all = found == JsonTokenType.String ? ReadPair(ref reader, ref text, out left) : found == JsonTokenType.StartArray ? ReadTwo(ref reader, ref text, out left) : -1;
            if (all < 0 || notation != JsonTokenType.None && notation != found)
            {
                throw node.Items().ElementAt(i).Wrong("expected a merge: \"a b\" or [\"a\", \"b\"], all of one kind");
            }
            notation = found;
            ReadOnlySpan<char> first = text.AsSpan(0, left), second = text.AsSpan(left, all - left);
            // What remains of a merges.txt that was taken over line by line.
            if (found == JsonTokenType.String && first.StartsWith("#version", StringComparison.Ordinal))
            {
                continue;
            }
            crosses |= second.StartsWith(BpeModel.Space) && !first.EndsWith(BpeModel.Space);
            int a = tokens.Find(first), b = tokens.Find(second), merged = a < 0 || b < 0 ? -1 : Joined(tokens, text.AsSpan(0, all), left, prefixBytes);
            if (merged < 0)
            {
                throw node.Items().ElementAt(i).Wrong("expected two tokens of the vocabulary whose text together is a third one");
            }
            merges.Add(a, b, rank++, merged);
        }
        return merges;
    }

    /// <summary>The token of both texts together, without the prefix of the second; writes over them.</summary>
    private static int Joined(TokenTable tokens, Span<char> both, int left, int prefixBytes)
    {
        // The reference cuts off as many bytes as the prefix has, whatever they are.
        int cut = left;
        for (; prefixBytes > 0 && cut < both.Length; cut++)
        {
            prefixBytes -= char.IsSurrogate(both[cut]) ? 2 : both[cut] < 0x80 ? 1 : both[cut] < 0x800 ? 2 : 3;
        }
        if (prefixBytes != 0 || cut < both.Length && char.IsLowSurrogate(both[cut]))
        {
            return -1;
        }
        both[cut..].CopyTo(both[left..]);
        return tokens.Find(both[..(both.Length - cut + left)]);
    }

    private static int ReadPair(ref Utf8JsonReader reader, ref char[] text, out int left)
    {
        int length = Copy(ref reader, ref text, 0);
        ReadOnlySpan<char> both = text.AsSpan(0, Math.Max(0, length));
        left = both.IndexOf(' ');
        if (both.StartsWith("#version", StringComparison.Ordinal))
        {
            left = length;
            return length;
        }
        if (left < 0 || both[(left + 1)..].Contains(' '))
        {
            return -1;
        }
        text.AsSpan(left + 1, length - left - 1).CopyTo(text.AsSpan(left));
        return length - 1;
    }

    private static int ReadTwo(ref Utf8JsonReader reader, ref char[] text, out int left)
    {
        left = reader.Read() && reader.TokenType == JsonTokenType.String ? Copy(ref reader, ref text, 0) : -1;
        int right = left >= 0 && reader.Read() && reader.TokenType == JsonTokenType.String ? Copy(ref reader, ref text, left) : -1;
        return right >= 0 && reader.Read() && reader.TokenType == JsonTokenType.EndArray ? left + right : -1;
    }

    /// <summary>The chars of a string; -1 where it is no Unicode text.</summary>
    private static int Copy(ref Utf8JsonReader reader, ref char[] text, int at)
    {
        if (text.Length - at < reader.ValueSpan.Length)
        {
            Array.Resize(ref text, at + reader.ValueSpan.Length);
        }
        try
        {
            return reader.CopyString(text.AsSpan(at));
        }
        catch (InvalidOperationException)
        {
            return -1;
        }
    }
}

using System.IO.Compression;
using System.Text.Json;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization.Regex;

/// <summary>Reference cases of a tokenizer that does nothing but split by one pattern: its token offsets are the pieces.</summary>
internal static class GoldenSplits
{
    /// <summary>Plain texts and their pieces, in UTF-16 indexes.</summary>
    public static IEnumerable<(string Id, string Text, List<(int Start, int End)> Pieces)> Of(string name)
    {
        using GZipStream stream = new(File.OpenRead(Shared.Require("tokenizers", "synthetic", name, "cases.jsonl.gz")), CompressionMode.Decompress);
        using StreamReader lines = new(stream);
        while (lines.ReadLine() is { } line)
        {
            JsonElement golden = JsonDocument.Parse(line).RootElement;
            if (golden.TryGetProperty("text", out JsonElement text) && text.ValueKind == JsonValueKind.String && !golden.TryGetProperty("options", out _) && !golden.TryGetProperty("error", out _))
            {
                string whole = text.GetString()!;
                int[] units = [.. Units(whole), whole.Length];
                yield return (golden.GetProperty("id").GetString()!, whole, [.. golden.GetProperty("offsets").EnumerateArray().Select(pair => (units[pair[0].GetInt32()], units[pair[1].GetInt32()]))]);
            }
        }
    }

    /// <summary>The pieces of the behaviour Isolated: every match, and what lies between; none of them empty.</summary>
    public static List<(int Start, int End)> Isolated(TextPattern pattern, string text)
    {
        List<(int, int)> pieces = [];
        int done = 0;
        for (int from = 0; from <= text.Length && pattern.Find(text, from, out int start, out int end);)
        {
            Add(done, start);
            Add(start, end);
            done = end;
            from = end > start ? end : end + (end < text.Length && char.IsSurrogatePair(text, end) ? 2 : 1);
        }
        Add(done, text.Length);
        return pieces;

        void Add(int start, int end)
        {
            if (end > start)
            {
                pieces.Add((start, end));
            }
        }
    }

    private static IEnumerable<int> Units(string text)
    {
        for (int i = 0; i < text.Length; i += char.IsSurrogatePair(text, i) ? 2 : 1)
        {
            yield return i;
        }
    }
}

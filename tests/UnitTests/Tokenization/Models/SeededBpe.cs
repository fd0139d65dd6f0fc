using System.Text;
using System.Text.Json.Nodes;

namespace Retrieval.UnitTests.Tokenization.Models;

/// <summary>A small BPE model by seed, and what its definition makes of a piece: the pair of lowest rank, the leftmost of equal ones, is joined until none is left.</summary>
internal sealed class SeededBpe
{
    private const string Prefix = "#", Suffix = "~", Unknown = "<unk>";

    private readonly SeededVocabulary _seeded;
    private readonly string[] _options;
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<(int, int), (int Rank, int Id)> _merges = [];

    public SeededBpe(int seed, string options)
    {
        _seeded = new SeededVocabulary(seed);
        _options = options.Split(' ');
        string prefix = Has("prefix") ? Prefix : "", suffix = Has("suffix") ? Suffix : "";
        string[] letters = ["a", "b", "c", "é", "東", "\U0001F600", .. Has("space") ? ["▁"] : Array.Empty<string>()];
        letters = [.. letters.Where(l => l == "▁" || _seeded.Random.Next(5) > 0)];
        HashSet<string> tokens = [Unknown, .. letters, .. prefix + suffix == "" ? [] : letters.SelectMany(l => new[] { prefix + l, l + suffix, prefix + l + suffix }).Where(_ => _seeded.Random.Next(8) > 0)];
        tokens.UnionWith(Has("bytes") ? Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>") : Has("some-bytes") ? Enumerable.Range(0x80, 0x40).Concat([0xC3]).Select(b => $"<0x{b:X2}>") : []);
        string[] symbols = [.. tokens];
        List<string[]> pairs = [];
        for (int i = 0; i < 80 && symbols.Length > 0; i++)
        {
            // Sometimes what an earlier merge made, so that tokens grow and several pairs lead to the same one.
            string a = _seeded.Random.GetItems([.. tokens], 1)[0], b = _seeded.Random.GetItems([.. tokens], 1)[0];
            bool crosses = b.StartsWith('▁') && !a.EndsWith('▁'), special = a[0] == '<' || b[0] == '<';
            if (a.Length + b.Length < 14 && b.StartsWith(prefix, StringComparison.Ordinal) && !(suffix != "" && a.EndsWith(suffix, StringComparison.Ordinal)) && !(crosses && seed % 4 != 0) && !(special && seed % 3 != 0))
            {
                tokens.Add(a + b[prefix.Length..]);
                pairs.Add([a, b]);
            }
        }
        tokens.Add("ab東");
        _ids = tokens.Select((t, id) => (t, id)).ToDictionary(t => t.t, t => t.id);
        for (int rank = 0; rank < pairs.Count; rank++)
        {
            _merges[(_ids[pairs[rank][0]], _ids[pairs[rank][1]])] = (rank, _ids[pairs[rank][0] + pairs[rank][1][prefix.Length..]]);
        }
        Json = new JsonObject
        {
            ["unk_token"] = Has("unk") ? Unknown : null,
            ["fuse_unk"] = Has("fuse"),
            ["byte_fallback"] = Has("bytes") || Has("some-bytes"),
            ["ignore_merges"] = Has("ignore"),
            ["continuing_subword_prefix"] = prefix,
            ["end_of_word_suffix"] = suffix == "" ? null : suffix,
            ["vocab"] = SeededVocabulary.Ids(tokens),
            ["merges"] = new JsonArray([.. pairs.Select(p => seed % 2 == 0 ? (JsonNode)string.Join(' ', p) : new JsonArray(p[0], p[1]))]),
        };
    }

    public JsonObject Json { get; }

    public string Piece(int most)
    {
        string piece = _seeded.Word(most);
        return !Has("space") ? piece : string.Concat(piece.EnumerateRunes().Select(r => r.Value == '#' ? "▁" : r.ToString()));
    }

    /// <summary>Merges over a starting vocabulary that grow out of a text, and their tokens.</summary>
    public static JsonArray Merges(Random random, List<string> tokens, int count, string text)
    {
        List<string> symbols = [.. text.Select(c => $"{c}")];
        JsonArray merges = [];
        while (merges.Count < count && symbols.Count > 1)
        {
            int at = random.Next(symbols.Count - 1);
            (string a, string b) = (symbols[at], symbols[at + 1]);
            symbols[at] = a + b;
            symbols.RemoveAt(at + 1);
            if (!tokens.Contains(a + b))
            {
                tokens.Add(a + b);
            }
            merges.Add(new JsonArray(a, b));
        }
        return merges;
    }

    /// <summary>Counted in bytes throughout; a token covers the code points of its first and last byte.</summary>
    public List<(int Id, int Start, int End)> Textbook(string piece)
    {
        if (Has("ignore") && _ids.TryGetValue(piece, out int whole))
        {
            return [(whole, 0, piece.Length)];
        }
        List<(int Id, int Bytes)> symbols = Spell([.. piece.EnumerateRunes()]);
        while (true)
        {
            var best = Enumerable.Range(0, Math.Max(0, symbols.Count - 1)).Where(i => _merges.ContainsKey((symbols[i].Id, symbols[i + 1].Id))).OrderBy(i => _merges[(symbols[i].Id, symbols[i + 1].Id)].Rank).Take(1).ToArray();
            if (best is not [int at])
            {
                break;
            }
            symbols[at] = (_merges[(symbols[at].Id, symbols[at + 1].Id)].Id, symbols[at].Bytes + symbols[at + 1].Bytes);
            symbols.RemoveAt(at + 1);
        }
        return Places(piece, symbols);
    }

    private List<(int Id, int Bytes)> Spell(Rune[] runes)
    {
        List<(int, int)> symbols = [];
        int waiting = 0;
        for (int i = 0; i < runes.Length; i++)
        {
            string s = $"{(i > 0 && Has("prefix") ? Prefix : "")}{runes[i]}{(i == runes.Length - 1 && Has("suffix") ? Suffix : "")}";
            string[] bytes = [.. System.Text.Encoding.UTF8.GetBytes(s).Select(b => $"<0x{b:X2}>")];
            if (_ids.TryGetValue(s, out int id))
            {
                symbols.AddRange(waiting > 0 ? [(_ids[Unknown], waiting)] : []);
                symbols.Add((id, runes[i].Utf8SequenceLength));
                waiting = 0;
            }
            else if ((Has("bytes") || Has("some-bytes")) && bytes.All(_ids.ContainsKey))
            {
                symbols.AddRange(bytes.Select(b => (_ids[b], 1)));
            }
            else if (Has("unk"))
            {
                symbols.AddRange(waiting > 0 && !Has("fuse") ? [(_ids[Unknown], waiting)] : []);
                waiting = (Has("fuse") ? waiting : 0) + runes[i].Utf8SequenceLength;
            }
        }
        symbols.AddRange(waiting > 0 ? [(_ids[Unknown], waiting)] : []);
        return symbols;
    }

    private static List<(int Id, int Start, int End)> Places(string piece, List<(int Id, int Bytes)> symbols)
    {
        List<(int Start, int End)> bytes = [];
        int at = 0;
        foreach (Rune rune in piece.EnumerateRunes())
        {
            bytes.AddRange(Enumerable.Repeat((at, at + rune.Utf16SequenceLength), rune.Utf8SequenceLength));
            at += rune.Utf16SequenceLength;
        }
        int end = 0;
        return [.. symbols.Select(s => (s.Id, bytes[end].Start, bytes[(end += s.Bytes) - 1].End))];
    }

    private bool Has(string option) => _options.Contains(option);
}

using System.Text.Json.Nodes;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization.Models;

public sealed class UnigramModelTests
{
    // Scores of few values make ties, positive ones let two unknown characters beat the token that they are.
    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(-1, false)]
    public void Pieces_are_those_of_the_best_path(int scores, bool byteFallback)
    {
        int several = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            SeededVocabulary seeded = new(seed);
            string[] tokens = [.. Enumerable.Range(0, 3 + seeded.Random.Next(30)).Select(_ => seeded.Word(5)).Append("<unk>"), .. byteFallback ? Enumerable.Range(seed % 2 == 0 ? 0 : 0x80, 0x80 + (seed % 2 == 0 ? 0x80 : 0)).Select(b => $"<0x{b:X2}>") : []];
            double[] values = [.. tokens.Select(_ => scores switch { 1 => -seeded.Random.Next(1, 4), 2 => -seeded.Random.Next(1, 6) / 10.0, 3 => 20 + seeded.Random.Next(5), _ => -seeded.Random.NextDouble() * 9 })];
            int unknown = scores < 0 ? -1 : Array.IndexOf(tokens, "<unk>");
            JsonObject json = new() { ["unk_id"] = unknown < 0 ? null : unknown, ["byte_fallback"] = byteFallback, ["vocab"] = new JsonArray([.. tokens.Select((t, i) => new JsonArray(t, values[i]))]) };
            values = [.. json["vocab"]!.AsArray().Select(p => Number(p![1]!.ToJsonString()))];
            UnigramModel model = UnigramModel.Read(SeededVocabulary.Node(json.ToJsonString()));
            for (int round = 0; round < 40; round++)
            {
                string piece = (round % 10 == 0 ? "<unk>" : "") + seeded.Word(round % 8 == 0 ? 100 : 10);
                if (piece.Length > 0)
                {
                    string expected = Textbook(tokens, values, unknown, byteFallback, piece);
                    SeededVocabulary.Tokens(model, piece).ShouldBe(expected, $"scores {scores}, seed {seed}, round {round}, piece {piece}, model {json.ToJsonString()}");
                    several += expected.Contains(' ', StringComparison.Ordinal) ? 1 : 0;
                }
            }
        }
        several.ShouldBeGreaterThan(300);
    }

    [Theory]
    [InlineData("-3.8403830528259277", -3.840383052825928)]
    [InlineData("-7.3909687995910645", -7.390968799591064)]
    [InlineData("0", 0)]
    [InlineData("-0.0", 0)]
    [InlineData("12", 12)]
    [InlineData("1.5e3", 1500)]
    [InlineData("1.5E-3", 0.0015)]
    [InlineData("123456789012345678901234567890", 12345678901234567890e10)]
    [InlineData("0.10000000000000000000000000000001", 0.1)]
    [InlineData("2.5e-310", 2.5e-310)]
    [InlineData("0e999", 0)]
    public void Numbers_are_read_as_the_reference_reads_them(string json, double value)
    {
        ReferenceNumber.TryParse(System.Text.Encoding.UTF8.GetBytes(json), out double read).ShouldBeTrue();
        read.ShouldBe(value);
    }

    /// <summary>Read to the nearest double, the two characters would score better than the token; the native library (tokenizers 0.22.2) answers with the token.</summary>
    [Fact]
    public void Scores_tie_where_the_references_rounding_makes_them_equal()
    {
        const string Json = """{"unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -3.8403830528259277], ["b", 0.0], ["ab", -3.840383052825928]]}""";
        SeededVocabulary.Tokens(UnigramModel.Read(SeededVocabulary.Node(Json)), "ab").ShouldBe("3[0,2]");
    }

    [Theory]
    [InlineData("1e999")]
    [InlineData("1e99999999999")]
    public void A_number_beyond_a_double_is_refused(string json) => ReferenceNumber.TryParse(System.Text.Encoding.UTF8.GetBytes(json), out _).ShouldBeFalse();

    [Theory]
    [InlineData("""{"vocab": {}}""", "model.vocab")]
    [InlineData("""{"vocab": [["a"]]}""", "model.vocab[0]")]
    [InlineData("""{"vocab": [["a", 0], ["b", "0"]]}""", "model.vocab[1]")]
    [InlineData("""{"vocab": [["a", 0, 1]]}""", "model.vocab[0]")]
    [InlineData("""{"vocab": [["a", 1e999]]}""", "model.vocab[0]")]
    [InlineData("""{"vocab": [[1, 0]]}""", "model.vocab[0]")]
    [InlineData("""{"vocab": [["a", 0]], "unk_id": 1}""", "model.unk_id")]
    [InlineData("""{"vocab": [], "unk_id": 0}""", "model.unk_id")]
    public void A_wrong_vocabulary_is_named_by_its_place(string json, string path) =>
        Should.Throw<TokenizerFormatException>(() => UnigramModel.Read(SeededVocabulary.Node(json))).Path.ShouldBe(path);

    private static double Number(string json) => ReferenceNumber.TryParse(System.Text.Encoding.UTF8.GetBytes(json), out double value) ? value : throw new ArgumentException(json);

    /// <summary>Best score to each code point's border, all tokens tried at each; then the fused unknown ones are looked up.</summary>
    private static string Textbook(string[] tokens, double[] scores, int unknown, bool byteFallback, string piece)
    {
        int[] borders = [0, .. piece.EnumerateRunes().Select(r => r.Utf16SequenceLength)];
        for (int i = 1; i < borders.Length; i++)
        {
            borders[i] += borders[i - 1];
        }
        int n = borders.Length - 1;
        (double Score, int From, int Id)[] best = [.. Enumerable.Repeat((0.0, -1, -1), n + 1)];
        double unknownScore = scores.Min() - 10;
        for (int from = 0; from < n; from++)
        {
            bool single = false;
            for (int to = from + 1; to <= n; to++)
            {
                int id = Array.LastIndexOf(tokens, piece[borders[from]..borders[to]]);
                if (id >= 0)
                {
                    single |= to == from + 1;
                    double score = scores[id] + best[from].Score;
                    best[to] = best[to].From < 0 || score > best[to].Score ? (score, from, id) : best[to];
                }
            }
            double asUnknown = unknownScore + best[from].Score;
            if (!single && (best[from + 1].From < 0 || asUnknown > best[from + 1].Score))
            {
                if (unknown < 0)
                {
                    return "error";
                }
                best[from + 1] = (asUnknown, from, unknown);
            }
        }
        List<(int Id, int From, int To)> path = [];
        for (int to = n; to > 0; to = best[to].From)
        {
            bool fuses = path.Count > 0 && unknown >= 0 && best[to].Id == unknown && path[^1].Id == unknown;
            path.Add((best[to].Id, best[to].From, fuses ? path[^1].To : to));
            if (fuses)
            {
                path.RemoveAt(path.Count - 2);
            }
        }
        path.Reverse();
        return SeededVocabulary.Show(path.SelectMany(p => Put(tokens, unknown, byteFallback, piece, borders[p.From], borders[p.To])));
    }

    private static IEnumerable<(int, int, int)> Put(string[] tokens, int unknown, bool byteFallback, string piece, int start, int end)
    {
        int id = Array.LastIndexOf(tokens, piece[start..end]);
        int[] bytes = [.. System.Text.Encoding.UTF8.GetBytes(piece[start..end]).Select(b => Array.LastIndexOf(tokens, $"<0x{b:X2}>"))];
        return id >= 0 ? [(id, start, end)] : byteFallback && !bytes.Contains(-1) ? bytes.Select(b => (b, start, end)) : [(unknown, start, end)];
    }
}

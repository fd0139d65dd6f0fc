using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;
using Shouldly;
using Xunit;

namespace Retrieval.UnitTests.Tokenization.Unicode;

/// <summary>The shipped tables against what the reference library was seen to do with each of the 1,112,064 code points.</summary>
public sealed class CharacterTableTests
{
    public static TheoryData<string, string> Sets => new()
    {
        { "Strip whitespace", "white" }, { "BertPreTokenizer removed", "white" }, { "WhitespaceSplit removed", "white" }, { "Whitespace removed", "white" },
        { "Punctuation isolated", "punctuation" }, { "BertPreTokenizer isolated", "punctuation" }, { "Digits individual isolated", "numeric" }, { "Whitespace isolated", "not-word" },
        { "StripAccents removed", "accent" }, { "bert clean_text removed", "bert.removed" }, { "bert clean_text to space", "bert.space" }, { "bert chinese chars", "bert.chinese" },
        { "bert strip_accents removed (alone)", "bert.mark" },
    };

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_set_is_what_the_reference_was_seen_to_do(string observed, string shipped)
    {
        CodePointSet set = CharacterTables.Set(shipped);

        Differences(Observed(observed), set.Contains).ShouldBe([]);
    }

    [Theory]
    [InlineData(@"\p{L}")]
    [InlineData(@"\p{Lu}")]
    [InlineData(@"\p{Ll}")]
    [InlineData(@"\p{Lt}")]
    [InlineData(@"\p{Lm}")]
    [InlineData(@"\p{Lo}")]
    [InlineData(@"\p{M}")]
    [InlineData(@"\p{Mn}")]
    [InlineData(@"\p{N}")]
    [InlineData(@"\p{Nd}")]
    [InlineData(@"\p{P}")]
    [InlineData(@"\p{S}")]
    [InlineData(@"\p{Z}")]
    [InlineData(@"\p{Han}")]
    [InlineData(@"\s")]
    [InlineData(@"\w")]
    [InlineData(@"\d")]
    [InlineData(@"\h")]
    [InlineData("[[:punct:]]")]
    public void A_class_of_regular_expressions_is_what_the_reference_was_seen_to_match(string expression)
    {
        CodePointSet set = new(NodeFacts.First(PatternParser.Parse(expression, out _)).Set);

        Differences(Observed($"onig {expression}"), set.Contains).ShouldBe([]);
    }

    [Fact]
    public void Composition_of_each_code_point_alone_is_that_of_the_reference()
    {
        Dictionary<string, string> observed = Tables().GetProperty("maps").GetProperty("NFC of a single code point").EnumerateObject().ToDictionary(entry => char.ConvertFromUtf32(Convert.ToInt32(entry.Name, 16)), entry => entry.Value.GetString()!);
        UnicodeForm form = UnicodeForm.Of("NFC");
        TextBuffer output = new();
        List<string> differ = [];
        for (int c = 0; c < CodePointRanges.Limit && differ.Count < 5; c++)
        {
            string text = c is >= 0xD800 and <= 0xDFFF ? "" : char.ConvertFromUtf32(c);
            output.Clear();
            string actual = form.Apply(new AlignedText(text, 0), output) ? output.Text.ToString() : text;
            if (actual != observed.GetValueOrDefault(text, text))
            {
                differ.Add($"U+{c:X4}");
            }
        }
        differ.ShouldBe([]);
    }

    [Fact]
    public void Lowercase_maps_every_code_point_as_the_reference_does() => MapDifferences("Lowercase", Characters.Lower, hangul: false).ShouldBe([]);

    [Fact]
    public void Canonical_decomposition_maps_every_code_point_as_the_reference_does() => MapDifferences("NFD (Hangul syllables left out)", Decomposition.Canonical, hangul: true).ShouldBe([]);

    [Fact]
    public void Compatibility_decomposition_maps_every_code_point_as_the_reference_does() =>
        MapDifferences("NFKD (Hangul syllables left out)", Decomposition.Compatible, hangul: true).ShouldBe([]);

    [Fact]
    public void Combining_classes_are_given_to_exactly_the_characters_that_were_seen_to_be_reordered()
    {
        bool[] reordered = new bool[CodePointRanges.Limit];
        foreach (JsonProperty table in Tables().GetProperty("ranges").EnumerateObject().Where(table => table.Name.StartsWith("reorder", StringComparison.Ordinal)))
        {
            Fill(reordered, table.Value);
        }
        Differences(reordered, c => Decomposition.Class[c] != 0).ShouldBe([]);
    }

    [Fact]
    public void Hangul_syllables_decompose_and_compose_again()
    {
        for (int c = 0xAC00; c <= 0xD7A3; c++)
        {
            ReadOnlySpan<int> parts = Decomposition.Canonical.Find(c);
            int composed = Decomposition.Compose(parts[0], parts[1]);
            (parts.Length == 2 ? composed : Decomposition.Compose(composed, parts[2])).ShouldBe(c);
        }
        Decomposition.Compose(0xAC01, 0x11A8).ShouldBe(-1);
    }

    [Fact]
    public void Ranges_obey_the_laws_of_sets()
    {
        CodePointRanges a = CodePointRanges.Of([(5, 9), (7, 20), (0x10000, 0x10FFFF)]), b = CodePointRanges.Of([(0, 6), (15, 15), (21, 30)]);

        (~~a).Turns.ToArray().ShouldBe(a.Turns.ToArray());
        (a | ~a).Turns.ToArray().ShouldBe([0, CodePointRanges.Limit]);
        (a & ~a).IsEmpty.ShouldBeTrue();
        (~(a | b)).Turns.ToArray().ShouldBe((~a & ~b).Turns.ToArray());
        (a & b).CodePoints().ShouldBe([5, 6, 15]);
        (a | b).Contains(30).ShouldBeTrue();
        (a | b).Contains(31).ShouldBeFalse();
    }

    internal static bool[] Observed(string name)
    {
        bool[] inside = new bool[CodePointRanges.Limit];
        Fill(inside, Tables().GetProperty("ranges").GetProperty(name));
        return inside;
    }

    /// <summary>The first code points, surrogates aside, that two sets do not agree on.</summary>
    internal static List<string> Differences(bool[] expected, Func<int, bool> actual) =>
        [.. Enumerable.Range(0, CodePointRanges.Limit).Where(c => c is < 0xD800 or > 0xDFFF && expected[c] != actual(c)).Take(5).Select(c => $"U+{c:X4}")];

    private static List<string> MapDifferences(string name, CodePointMap map, bool hangul)
    {
        Dictionary<int, string> observed = Tables().GetProperty("maps").GetProperty(name).EnumerateObject().ToDictionary(entry => Convert.ToInt32(entry.Name, 16), entry => entry.Value.GetString()!);
        List<string> differ = [];
        for (int c = 0; c < CodePointRanges.Limit && differ.Count < 5; c++)
        {
            if (c is >= 0xD800 and <= 0xDFFF || hangul && c is >= 0xAC00 and <= 0xD7A3)
            {
                continue;
            }
            string expected = observed.TryGetValue(c, out string? to) ? to : char.ConvertFromUtf32(c);
            ReadOnlySpan<int> found = map.Find(c);
            StringBuilder actual = new(found.IsEmpty ? char.ConvertFromUtf32(c) : "");
            foreach (int part in found)
            {
                actual.Append(char.ConvertFromUtf32(part));
            }
            if (actual.ToString() != expected)
            {
                differ.Add($"U+{c:X4}");
            }
        }
        return differ;
    }

    private static void Fill(bool[] inside, JsonElement ranges)
    {
        foreach (JsonElement range in ranges.EnumerateArray())
        {
            inside.AsSpan(range[0].GetInt32()..(range[1].GetInt32() + 1)).Fill(true);
        }
    }

    private static JsonElement Tables()
    {
        using GZipStream stream = new(File.OpenRead(Shared.Require("tokenizers", "unicode-tables.json.gz")), CompressionMode.Decompress);
        return JsonDocument.Parse(stream).RootElement;
    }
}

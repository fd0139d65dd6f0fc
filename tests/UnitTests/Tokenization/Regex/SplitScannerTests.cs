using System.Text;
using Retrieval.Tokenization;
using Shouldly;
using Xunit;

namespace Retrieval.UnitTests.Tokenization.Regex;

/// <summary>The scanners written by hand against the engine that runs the same patterns.</summary>
public sealed class SplitScannerTests
{
    private static readonly string[] Parts =
    [
        "the", "Word", "HTMLParser", "iPhone", "x", "'s", "'S", "'ll", "'LL", "'re", "'x", "'", "’s", "'\u017F", "'r", "'v", "1", "12345", "٣", "½", "Ⅷ", " ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", " \n ", "\u00A0", "\u3000",
        "\u2028", "\u0085", ".", ",", "...", "/", "//", "!?", "$", "€", "+", "—", "_", "é", "e\u0301", "\u0301", "\u0301\u0301", "ǅ", "ʰ", "ß", "Ω", "ω", "漢字", "あ", "ア", "한국", "नमस्ते", "ا", "😀", "👩‍👩‍👧", "𝐀", "𝐚", "𝟏", "\U0002F800", "\u0000", "\u200B",
        "\uE000", "\uFFFD", "\U000E0001", "\U0001E900", "\U0001E922", "\u0378",
    ];

    public static TheoryData<string> Patterns => [.. SplitScanner.Known.Keys];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void A_scanner_finds_what_the_engine_finds(string pattern)
    {
        const int seed = 4711;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        Random random = new(seed);
        RegexPattern engine = RegexPattern.Parse(pattern);
        SplitScanner scanner = SplitScanner.Find(pattern)!;
        for (int round = 0; round < 1500; round++)
        {
            string text = Text(random);
            for (int from = 0; from <= text.Length; from += from < text.Length && char.IsSurrogatePair(text, from) ? 2 : 1)
            {
                bool found = engine.Find(text, from, out int start, out int end);
                (scanner.Find(text, from, out int scannedStart, out int scannedEnd), scannedStart, scannedEnd).ShouldBe((found, start, end), $"seed {seed}, round {round}, from {from}: {Shown(text)}");
            }
        }
    }

    [Fact]
    public void Every_code_point_is_of_the_kinds_that_its_properties_say()
    {
        (SplitKind Kind, CodePointSet Set)[] kinds =
        [
            (SplitKind.Letter, Class("\\p{L}")), (SplitKind.Number, Class("\\p{N}")), (SplitKind.Space, Class("\\s")), (SplitKind.Newline, Class("[\\r\\n]")), (SplitKind.Mark, Class("\\p{M}")),
            (SplitKind.Symbol, Class("[\\p{P}\\p{S}]")), (SplitKind.Upper, Class("[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]")), (SplitKind.Lower, Class("[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]")),
        ];
        for (int c = 0; c < CodePointRanges.Limit; c++)
        {
            if (c is >= 0xD800 and <= 0xDFFF)
            {
                continue;
            }
            SplitKind actual = SplitKinds.At(char.ConvertFromUtf32(c), 0, out _);
            foreach ((SplitKind kind, CodePointSet set) in kinds)
            {
                if ((actual & kind) != 0 != set.Contains(c))
                {
                    throw new ShouldAssertException($"U+{c:X4} {kind}");
                }
            }
        }
    }

    private static CodePointSet Class(string pattern) => new(NodeFacts.First(PatternParser.Parse(pattern, out _)).Set);

    private static string Text(Random random)
    {
        StringBuilder text = new();
        for (int parts = random.Next(1, 10); parts > 0; parts--)
        {
            switch (random.Next(10))
            {
                case 0: text.Append((char)random.Next(0x20, 0xD800)); break;
                case 1: text.Append(char.ConvertFromUtf32(random.Next(0x10000, 0x1F000))); break;
                case 2: text.Append((char)random.Next(128)); break;
                default: text.Append(random.GetItems(Parts, 1)[0]); break;
            }
        }
        return text.ToString();
    }

    private static string Shown(string text) => string.Concat(text.EnumerateRunes().Select(rune => rune.Value is > 32 and < 127 ? rune.ToString() : $"<{rune.Value:X}>"));
}

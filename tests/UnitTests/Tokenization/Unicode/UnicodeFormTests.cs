using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;
using Shouldly;
using Xunit;

namespace Retrieval.UnitTests.Tokenization.Unicode;

/// <summary>Normalisation: the reference's texts, the laws of the forms, and where each character says it came from.</summary>
public sealed class UnicodeFormTests
{
    private static readonly UnicodeForm C = UnicodeForm.Of("NFC"), D = UnicodeForm.Of("NFD"), KC = UnicodeForm.Of("NFKC"), KD = UnicodeForm.Of("NFKD");

    [Theory]
    [InlineData("n-nfc", "NFC")]
    [InlineData("n-nfd", "NFD")]
    [InlineData("n-nfkc", "NFKC")]
    [InlineData("n-nfkd", "NFKD")]
    public void Texts_become_what_the_reference_makes_of_them(string name, string form)
    {
        UnicodeForm normalizer = UnicodeForm.Of(form);
        using GZipStream stream = new(File.OpenRead(Shared.Require("tokenizers", "synthetic", name, "cases.jsonl.gz")), CompressionMode.Decompress);
        using StreamReader lines = new(stream);
        int changed = 0;
        while (lines.ReadLine() is { } line)
        {
            JsonElement golden = JsonDocument.Parse(line).RootElement;
            if (golden.TryGetProperty("text", out JsonElement text) && text.ValueKind == JsonValueKind.String)
            {
                string expected = golden.TryGetProperty("normalized", out JsonElement normalized) ? normalized.GetString()! : text.GetString()!;
                Normalized(normalizer, text.GetString()!).ShouldBe(expected, $"{name} {golden.GetProperty("id")}");
                changed += expected == text.GetString() ? 0 : 1;
            }
        }
        changed.ShouldBeGreaterThan(10);
    }

    [Fact]
    public void Forms_agree_with_one_another_on_any_text()
    {
        const int seed = 909;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        Random random = new(seed);
        int[] lively = [.. Decomposition.Compatible.Sources.CodePoints(), .. Decomposition.Marks.CodePoints(), .. Decomposition.Seconds.CodePoints().Where(c => c != 0x11A7)];
        for (int round = 0; round < 4000; round++)
        {
            string text = Text(random, lively);
            string c = Normalized(C, text), d = Normalized(D, text), kc = Normalized(KC, text), kd = Normalized(KD, text);
            string because = $"seed {seed}, round {round}: {string.Join(' ', text.EnumerateRunes().Select(rune => $"{rune.Value:X}"))}";
            (Normalized(C, c), Normalized(C, d)).ShouldBe((c, c), because);
            (Normalized(D, d), Normalized(D, c)).ShouldBe((d, d), because);
            (Normalized(KC, kc), Normalized(KC, kd), Normalized(KC, c)).ShouldBe((kc, kc, kc), because);
            (Normalized(KD, kd), Normalized(KD, kc), Normalized(KD, d)).ShouldBe((kd, kd, kd), because);
        }
    }

    [Fact]
    public void Places_go_forward_and_stay_inside_the_text()
    {
        const int seed = 910;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        Random random = new(seed);
        int[] lively = [.. Decomposition.Compatible.Sources.CodePoints(), .. Decomposition.Marks.CodePoints(), .. Decomposition.Seconds.CodePoints()];
        foreach (UnicodeForm form in new[] { C, D, KC, KD })
        {
            for (int round = 0; round < 2000; round++)
            {
                string text = Text(random, lively);
                TextBuffer output = new();
                if (!form.Apply(new AlignedText(text, 0), output))
                {
                    continue;
                }
                for (int i = 0; i < output.Length; i++)
                {
                    (int start, int end) = (output.View.Start(i), output.View.End(i));
                    (start >= (i == 0 ? 0 : output.View.Start(i - 1)) && end >= start && end <= text.Length).ShouldBeTrue($"seed {seed}, round {round}: {text}");
                }
            }
        }
    }

    // Text, form, and for each character of the result its place; composed characters have the place of their first only.
    [Theory]
    [InlineData("e\u0301x", "NFC", "\u00E9x", "0-1 2-3")]
    [InlineData("\u00E9x", "NFD", "e\u0301x", "0-1 0-1 1-2")]
    [InlineData("a\u0301\u0323b", "NFD", "a\u0323\u0301b", "0-1 1-2 2-3 3-4")]
    [InlineData("\u00E9\u0323", "NFC", "\u1EB9\u0301", "0-1 1-2")]
    [InlineData("\u1100\u1161\u11A8.", "NFC", "\uAC01.", "0-1 3-4")]
    [InlineData("\uAC01", "NFD", "\u1100\u1161\u11A8", "0-1 0-1 0-1")]
    [InlineData("\uFB01a", "NFKC", "fia", "0-1 0-1 1-2")]
    [InlineData("\u0301a", "NFD", "\u0301a", "0-1 1-2")]
    [InlineData("\U0001D15E", "NFC", "\U0001D157\U0001D165", "0-2 0-2 0-2 0-2")]
    [InlineData("\U00011938\u32FF", "NFKD", "\U00011938\u32FF", "0-2 0-2 2-3")]
    public void A_character_has_the_place_that_the_reference_gives_it(string text, string form, string expected, string places)
    {
        TextBuffer output = new();
        AlignedText result = UnicodeForm.Of(form).Apply(new AlignedText(text, 0), output) ? output.View : new AlignedText(text, 0);

        result.Text.ToString().ShouldBe(expected);
        List<string> actual = [];
        for (int i = 0; i < result.Length; i++)
        {
            actual.Add($"{result.Start(i)}-{result.End(i)}");
        }
        string.Join(' ', actual).ShouldBe(places);
    }

    [Fact]
    public void Long_runs_of_marks_take_no_square_time_and_the_second_text_no_memory()
    {
        string text = "a" + string.Concat(Enumerable.Repeat("\u0301\u0323", 50_000));
        TextBuffer output = new();
        C.Apply(new AlignedText(text, 0), output).ShouldBeTrue();
        output.Text.ToString().ShouldStartWith("\u1EA1\u0323");

        string usual = "Příliš žluťoučký kůň e\u0301 각 \u1100\u1161";
        output.Clear();
        C.Apply(new AlignedText(usual, 0), output);
        output.Clear();
        long before = GC.GetAllocatedBytesForCurrentThread();
        C.Apply(new AlignedText(usual, 0), output);
        GC.GetAllocatedBytesForCurrentThread().ShouldBe(before);
    }

    private static string Normalized(UnicodeForm form, string text)
    {
        TextBuffer output = new();
        return form.Apply(new AlignedText(text, 0), output) ? output.Text.ToString() : text;
    }

    private static string Text(Random random, int[] lively)
    {
        StringBuilder text = new();
        for (int parts = random.Next(1, 12); parts > 0; parts--)
        {
            switch (random.Next(6))
            {
                case 0: text.Append((char)random.Next(0x20, 0x7F)); break;
                case 1: text.Append((char)random.Next(0xC0, 0x250)); break;
                case 2: text.Append((char)random.Next(0x300, 0x370)); break;
                case 3: text.Append((char)random.Next(0xAC00, 0xD7A4)); break;
                default: text.Append(char.ConvertFromUtf32(random.GetItems(lively, 1)[0])); break;
            }
        }
        return text.ToString();
    }
}

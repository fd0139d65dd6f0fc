using System.Text.Json;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

/// <summary>One pass over the text is the same as the reference's four.</summary>
public sealed class BertNormalizerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void One_pass_is_equal_to_step_after_step(int seed)
    {
        Random random = new(seed);
        Normalizer[] steps =
        [
            new FilterNormalizer(c => Has(c, CharacterKind.Removed) ? -1 : Has(c, CharacterKind.Space) ? ' ' : c, 0),
            new Ideographs(),
            UnicodeForm.Of("NFD"),
            new FilterNormalizer(c => Has(c, CharacterKind.Mark) ? -1 : c, 0),
            new LowercaseNormalizer(),
        ];
        for (int options = 0; options < 16; options++)
        {
            (bool clean, bool chinese, bool accents, bool lower) = ((options & 1) != 0, (options & 2) != 0, (options & 4) != 0, (options & 8) != 0);
            Normalizer onePass = BertNormalizer.Read(new JsonNodeReader("", "", JsonSerializer.SerializeToElement(new { clean_text = clean, handle_chinese_chars = chinese, strip_accents = accents, lowercase = lower })));
            NormalizerSequence stepwise = new([.. clean ? steps[..1] : [], .. chinese ? steps[1..2] : [], .. accents ? steps[2..4] : [], .. lower ? steps[4..] : []]);
            for (int round = 0; round < 400; round++)
            {
                string text = Text(random);
                Apply(onePass, text).ShouldBe(Apply(stepwise, text), $"seed {seed}, options {options}, round {round}, text {JsonSerializer.Serialize(text)}");
            }
        }
    }

    private static bool Has(int codePoint, CharacterKind kind) => BertCharacters.Shipped[codePoint].HasFlag(kind);

    // Marks in a row, of any kind, are what decomposition puts in order.
    private static string Text(Random random) => RandomText.Next(random) + string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => Marks[random.Next(Marks.Length)])) + RandomText.Next(random);

    private static readonly string[] Marks = [.. Enumerable.Range(0, 0x110000).Where(c => c is < 0xD800 or > 0xDFFF && Decomposition.Class[c] != 0).Select(char.ConvertFromUtf32), "a", "\u00C5", "\u1E69", "\uAC00"];

    private static string Apply(Normalizer normalizer, string text)
    {
        TextBuffer original = new(), output = new();
        original.SetOriginal(text);
        AlignedText result = normalizer.Apply(original.View, output) ? output.View : original.View;
        List<string> characters = [];
        for (int i = 0; i < result.Length; i++)
        {
            characters.Add($"{(int)result.Text[i]:X4}@{result.Start(i)}-{result.End(i)}");
        }
        return string.Join(' ', characters);
    }

    private sealed class Ideographs : Normalizer
    {
        public override bool Apply(AlignedText text, TextBuffer output)
        {
            Transformation transformation = new(text, output);
            foreach (System.Text.Rune rune in text.Text.EnumerateRunes())
            {
                bool alone = Has(rune.Value, CharacterKind.Chinese);
                if (alone)
                {
                    transformation.Put(' ', 0);
                }
                transformation.Put(rune.Value, alone ? 1 : 0);
                if (alone)
                {
                    transformation.Put(' ', 1);
                }
            }
            return true;
        }
    }
}

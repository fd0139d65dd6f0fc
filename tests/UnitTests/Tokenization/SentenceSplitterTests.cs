using System.Diagnostics;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

public sealed class SentenceSplitterTests
{
    private static readonly string[] Parts =
    [
        "a", "Word", "J", "Dr", "e.g", "3", "1999", ".", ".", "!", "?", "…", "。", "！", "\"", "'", ")", "(", "“", "”", "「", "」", " ", " ", "  ", "\n", "\n\n", "\r\n", "\t", "- ", "* ", "1. ", "12) ",
        "\u00A0", "\u3000", "日本", "é", "😀", "\uD83D", "\uDE00", "\u0301", ",", ":", "-", "\0",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Spans_are_trimmed_in_order_apart_and_leave_out_white_space_only(int seed)
    {
        Random random = new(seed);
        for (int round = 0; round < 3000; round++)
        {
            string text = string.Concat(random.GetItems(Parts, random.Next(40)));
            string because = $"seed {seed}, round {round}, text '{text}'";
            int covered = 0;
            foreach ((int start, int end) in SentenceSplitter.Split(text))
            {
                start.ShouldBeGreaterThanOrEqualTo(covered, because);
                end.ShouldBeGreaterThan(start, because);
                (char.IsWhiteSpace(text[start]) || char.IsWhiteSpace(text[end - 1])).ShouldBeFalse(because);
                string.IsNullOrWhiteSpace(text[covered..start]).ShouldBeTrue(because);
                covered = end;
            }
            string.IsNullOrWhiteSpace(text[covered..]).ShouldBeTrue(because);
        }
    }

    [Theory]
    [InlineData("plain", "One sentence. Another one! A third? Yes.", "One sentence.|Another one!|A third?|Yes.")]
    [InlineData("abbreviations", "Dr. Smith met Mrs. Jones, e.g. on Monday. They left.", "Dr. Smith met Mrs. Jones, e.g. on Monday.|They left.")]
    [InlineData("abbreviation at the end", "It opens at 9 a.m. The shop is small.", "It opens at 9 a.m.|The shop is small.")]
    [InlineData("numbered things", "See Fig. 3 and No. 5 of vol. 2. It says no. We agree.", "See Fig. 3 and No. 5 of vol. 2.|It says no.|We agree.")]
    [InlineData("initials", "J. R. R. Tolkien wrote it. He took vitamin C. It helped. J. Smith came.", "J. R. R. Tolkien wrote it.|He took vitamin C.|It helped.|J. Smith came.")]
    [InlineData("decimals", "It rose by 3.14 percent to v1.2.3 at example.com. Then it fell.", "It rose by 3.14 percent to v1.2.3 at example.com.|Then it fell.")]
    [InlineData("years", "It was 1999. Then it changed.", "It was 1999.|Then it changed.")]
    [InlineData("quotes", "\"Stop!\" he said. \"Why?\" She ran. (It rained.) We left.", "\"Stop!\" he said.|\"Why?\"|She ran.|(It rained.)|We left.")]
    [InlineData("curly quotes", "“It is late.” “Yes.” Good night.", "“It is late.”|“Yes.”|Good night.")]
    [InlineData("German quotes", "„Es ist spät.“ Dann ging er.", "„Es ist spät.“|Dann ging er.")]
    [InlineData("dots", "Wait... what? And then… Nothing.", "Wait... what?|And then…|Nothing.")]
    [InlineData("several marks", "Really?! Yes!! OK.", "Really?!|Yes!!|OK.")]
    [InlineData("lists", "Buy:\n- milk\n- bread\n* eggs", "Buy:|- milk|- bread|* eggs")]
    [InlineData("numbered lists", "Steps:\n1. Open the door.\n2. Walk in.\n10) Sit", "Steps:|1. Open the door.|2. Walk in.|10) Sit")]
    [InlineData("ideographic", "今日は晴れ。明日は雨！？「はい。」彼は言った。", "今日は晴れ。|明日は雨！？|「はい。」|彼は言った。")]
    [InlineData("blank lines", "A heading\n\nText goes\non here.\r\n\r\nEnd", "A heading|Text goes\non here.|End")]
    [InlineData("lower case goes on", "He asked why? and left. then nothing", "He asked why? and left. then nothing")]
    [InlineData("nothing", "", "")]
    [InlineData("white space", " \n\t ", "")]
    public void Sentences_end_where_a_reader_would_end_them(string what, string text, string sentences) =>
        string.Join('|', SentenceSplitter.Split(text).Select(s => text[s.Start..s.End])).ShouldBe(sentences, what);

    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("\n")]
    [InlineData(".")]
    [InlineData("a. ")]
    [InlineData("A. ")]
    [InlineData("。")]
    [InlineData(".\"")]
    [InlineData("\n ")]
    [InlineData("1. ")]
    public void Work_grows_with_the_text_and_not_with_its_square(string unit)
    {
        string text = string.Concat(Enumerable.Repeat(unit, (1 << 20) / unit.Length)) + "x";
        Stopwatch watch = Stopwatch.StartNew();
        SentenceSplitter.Split(text);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }
}

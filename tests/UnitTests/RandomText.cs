using System.Text;

namespace Retrieval.UnitTests;

/// <summary>Seeded texts: sentences of words with everything between them that is hard to cut.</summary>
internal sealed class RandomText(Random random)
{
    private static readonly string[] Words =
    [
        "the", "river", "Tower", "height", "unbelievable", "antidisestablishmentarianism", "e.g.", "Dr.", "U.S.", "3.14", "C++", "don't", "naïve", "Übergröße", "co-operate", "https://example.org/a/b?c=d&e=f#g", "foo_bar(baz)",
        "日本語", "検索エンジン", "한국어", "검색엔진을", "ค้นหา", "हिन्दी", "العربية", "\U0001F600", "\U0001F468\u200D\U0001F469\u200D\U0001F467", "e\u0301\u0302\u0303", "\u200B", "\u00AD", "\uFEFF", "\uE000", "\uD83D", "\uDE00", "\0", "\u0007", "[SEP]", "[CLS]", "##ing", "ﬃ", "İstanbul", "\U00020000",
    ];
    private static readonly string[] Gaps = [" ", " ", " ", " ", " ", " ", "  ", "\n", "\t", "\u00A0", "", "\u3000", "-", "/", ","];
    private static readonly string[] Ends = [". ", ". ", "! ", "? ", "… ", "。", "！", ".\n", "\n\n", "\r\n\r\n", "\n- ", "\n1. ", ".\" ", ".) ", "."];

    public string Sentence(int mostWords)
    {
        StringBuilder text = new();
        for (int words = random.Next(1, mostWords + 1); words > 0; words--)
        {
            text.Append(Word()).Append(words > 1 ? Gaps[random.Next(Gaps.Length)] : "");
        }
        return text.Append(Ends[random.Next(Ends.Length)]).ToString();
    }

    public string Text(int sentences)
    {
        StringBuilder text = new();
        for (int i = 0; i < sentences; i++)
        {
            text.Append(Sentence(random.Next(20) == 0 ? 200 : 15));
        }
        return text.ToString();
    }

    public string Word() => random.Next(12) switch
    {
        0 => new string((char)('a' + random.Next(26)), random.Next(1, 130)),
        1 => string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => (char)('a' + random.Next(26)))),
        2 => $"{(char)random.Next(0x21, 0x3000)}",
        _ => Words[random.Next(Words.Length)],
    };

    /// <summary>Blocks of Markdown in any order, whole or broken.</summary>
    public string Markdown(int blocks)
    {
        StringBuilder text = new();
        for (int i = 0; i < blocks; i++)
        {
            text.Append(Block()).Append(random.Next(6) == 0 ? "\n" : random.Next(6) == 0 ? "\r\n\r\n" : "\n\n");
        }
        return text.ToString();
    }

    private string Block() => random.Next(14) switch
    {
        0 or 1 => $"{new string('#', random.Next(1, 8))} {Line()}",
        2 => $"{Line()}\n{new string(random.Next(2) == 0 ? '=' : '-', random.Next(1, 6))}",
        3 => $"```c\n{Lines(random.Next(1, 30))}{(random.Next(5) == 0 ? "" : "\n```")}",
        4 => $"| a | b |\n|---|---|\n{string.Join('\n', Enumerable.Range(0, random.Next(1, 20)).Select(_ => $"| {Line()} | {Line()} |"))}",
        5 => $"> {Line()}\n> {Line()}\n{Line()}",
        6 => $"- {Line()}\n  - {Line()}\n\n    {Line()}\n* {Line()}\n10) {Line()}",
        7 => $"[{Word()}]: http://x.y/{i++} \"{Line()}\"",
        8 => $"<div>\n{Line()}\n</div>",
        9 => $"<!-- {Lines(2)} -->",
        10 => $"---\ntitle: {Line()}\n---",
        11 => $"    {Line()}\n\t{Line()}",
        12 => $"{Line()}[^1] ![{Line()}](u \"{Word()}\") **{Line()} `{Word()}\n\n[^1]: {Line()}",
        _ => Text(random.Next(1, 5)),
    };

    private int i;

    private string Line() => string.Join(' ', Enumerable.Range(0, random.Next(1, 10)).Select(_ => Word())).Replace('\n', ' ');

    private string Lines(int count) => string.Join('\n', Enumerable.Range(0, count).Select(_ => Line()));
}

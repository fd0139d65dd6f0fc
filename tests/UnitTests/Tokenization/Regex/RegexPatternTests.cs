using System.Text.Json;
using Retrieval.Tokenization;
using Shouldly;
using Xunit;

namespace Retrieval.UnitTests.Tokenization.Regex;

/// <summary>The regular expressions of tokenizer.json: what each feature matches, what is refused, and that time and memory are bounded.</summary>
public sealed class RegexPatternTests
{
    // Pattern, text, the matches one after another joined by |.
    public static TheoryData<string, string, string> Features => new()
    {
        { "b|ab", "ab", "ab" }, { "a|ab", "ab", "a" }, { "(?:a|ab)(?:c|bcd)(?:d*)", "abcd", "abcd" }, { "", "ab", "||" }, { "x*", "axb", "|x||" },
        { "a+", "caaab", "aaa" }, { "a+?", "aa", "a|a" }, { "a??b", "ab", "ab" }, { "a{2}", "aaaaa", "aa|aa" }, { "a{2,}", "aaaaa", "aaaaa" }, { "a{,2}b", "aaab", "aab" }, { "a{1,2}?", "aa", "a|a" },
        { "(?:a{2})?b", "aaab", "aab" }, { "a{2}?b", "aabab", "aab|b" }, { "a{1,2}+", "aaaaa", "aaaaa" }, { "a{3,1}a", "aaa", "" }, { "a{3,1}b", "aaaab", "aaab" }, { "a{,}", "a{,}", "a{,}" }, { "a{x", "a{x", "a{x" },
        { "a*+a", "aaa", "" }, { "a++b", "aab", "aab" }, { "a?+a", "aa", "aa" }, { "(?>a|ab)c", "abc", "" }, { "(?>ab|a)c", "abcac", "abc|ac" }, { "(?:ab)++a", "ababa", "ababa" }, { "(?:ab)+?a", "ababa", "aba" },
        { "(?:ab|a)*b", "abaab", "abaab" }, { "(?:a|b)*?c", "abc", "abc" }, { "(?:a?)*b", "aab", "aab" }, { "(?:a?)+b", "aab", "aab" }, { "(?:a*)*", "b", "|" }, { "(?:a|b{2})+", "abbbab", "abb|a" },
        { "(?:(?:a+b)+c)+", "abcaabc", "abcaabc" }, { "(?:a?b??)*c", "abac", "abac" },
        { "a(?=b)", "abac", "a" }, { "a(?!b)", "abac", "a" }, { "(?<=a)b", "abcb", "b" }, { "(?<!a)b", "abcb", "b" }, { "(?<=a|bc)d", "adbcdcd", "d|d" }, { "(?<=a+)b", "aab", "b" }, { "(?<=^|,)x", "x,xx", "x|x" },
        { "(?<=😀)a", "😀aa", "a" }, { "(?<!\\p{L})a", "1aa", "a" }, { "(?=(a+))\\1b", "aab", "aab" },
        { "^a", "a\na", "a|a" }, { "a$", "a\na", "a|a" }, { "^", "a\n", "" }, { "$", "a\n", "|" }, { "\\Aa", "aa", "a" }, { "a\\z", "aa", "a" }, { "a\\Z", "aa\n", "a" }, { "\\Ga", "aaba", "a|a" }, { "a\\Kb", "abab", "b|b" },
        { "\\bb", "ab b", "b" }, { "\\Bb", "ab b", "b" }, { "\\b\\w+\\b", "né ßx", "né|ßx" },
        { ".", "a\n😀", "a|😀" }, { "(?m:.)", "\n", "\n" }, { "(?m).", "\n", "\n" }, { "\\N", "\na", "a" }, { "\\O", "\n", "\n" }, { "\\R", "\r\n\n\u2028", "\r\n|\n|\u2028" }, { "\\R\\n", "\r\n", "" },
        { "[abc]+", "xbcay", "bca" }, { "[^abc]+", "abxyc", "xy" }, { "[a-c]+", "abcd", "abc" }, { "[-a]+", "a-b", "a-" }, { "[a-]+", "a-b", "a-" }, { "[\\w-]+", "a-b!", "a-b" }, { "[]a]+", "]a[", "]a" }, { "[!--]+", "!-.", "!-" }, { "[a-c-e]+", "b-ed", "b-e" }, { "[[b]-z]+", "b-zc", "b-z" }, { "[--0]+", "-./01", "-./0" },
        { "[a[bc]]+", "abcd", "abc" }, { "[a[^b]]", "ab", "a" }, { "[a-z&&[^aeiou]]+", "hello", "h|ll" }, { "[^a-z&&[^aeiou]]+", "hello!", "e|o!" }, { "[a-w&&[^c-g]z]+", "abcz", "ab" }, { "[\\p{L}&&\\p{Lu}]", "aB", "B" },
        { "[[:alpha:]]+", "aé1", "aé" }, { "[[:^digit:]]+", "1ab2", "ab" }, { "[[:punct:]]+", "a$.b", "$." }, { "[\\]\\\\]+", "]\\", "]\\" }, { "[\\b]", "\b", "\b" }, { "[\\x41-\\x{43}]+", "ABCD", "ABC" },
        { "[\\n\\r\\t]+", "\r\n\t", "\r\n\t" }, { "[一-龥぀-ゟ]+", "a漢字あb", "漢字あ" }, { "[😀-😂]+", "😀😁😂😃", "😀😁😂" }, { "[.*+?()|{}^$]+", "a.*+?()|{}^$", ".*+?()|{}^$" },
        { "\\p{L}+", "aß漢1", "aß漢" }, { "\\P{L}+", "a1 b", "1 " }, { "\\p{^L}+", "a1 b", "1 " }, { "\\pL+", "ab1", "ab" }, { "\\p{Lu}", "aÀ", "À" }, { "\\p{Uppercase_Letter}", "aÀ", "À" }, { "\\p{han}+", "漢a", "漢" },
        { "\\p{Sc}", "a€", "€" }, { "\\p{Script_Not}|x", "", null! }, { "\\p{Greek}+", "aλπ", "λπ" }, { "\\p{Punct}+", "a+.", "+." }, { "\\p{Punctuation}+", "a+.", "." }, { "[\\p{L}\\p{M}]+", "e\u0301!", "e\u0301" },
        { "\\s+", "a \u3000\u0085b", " \u3000\u0085" }, { "\\S+", "a b", "a|b" }, { "\\d+", "1٣a", "1٣" }, { "\\h+", "xfF0g", "fF0" }, { "\\H", "fg", "g" }, { "\\w+", "a_1-é", "a_1|é" },
        { "\\x41\\u0042\\x{1F600}\\103\\o{104}\\t\\cA", "AB😀CD\t\u0001", "AB😀CD\t\u0001" }, { "\\.\\*\\_\\-", ".*_-", ".*_-" }, { "\\X", "e\u0301👩‍👩‍👧\r\n🇩🇪🇫🇷", "e\u0301|👩‍👩‍👧|\r\n|🇩🇪|🇫🇷" }, { "a\\y", "aa\u0301", "a" }, { "a\\Y", "aa\u0301", "a" },
        { "(?i:'s|'ll)", "'S'Ll'ſ", "'S|'Ll|'ſ" }, { "(?i)k", "kK\u212A", "k|K|\u212A" }, { "(?i:ss)", "SSßẞſs", "SS|ß|ẞ|ſs" }, { "(?i:ß)", "ßssSẞ", "ß|ss|ẞ" }, { "(?i:stra\u00dfe)", "STRASSE", "STRASSE" }, { "(?i:ς)", "σΣς", "σ|Σ|ς" },
        { "(?i)[sdmt]", "ſT", "ſ|T" }, { "(?i)[^s]", "Sſa", "a" }, { "(?i)[ß]", "sSß", "sS|ß" }, { "(?i:a(?-i:b))", "AbAB", "Ab" }, { "a(?i)b|c", "aBaCC", "aB|aC" }, { "(?i)\\p{Lu}", "aA", "A" }, { "(?i)st", "ﬆ", "ﬆ" }, { "(?i)sst", "sﬆ", "" },
        { "(?i)(?<=ß)a", "ssaßaẞa", "a|a" }, { "(?x) a  b # c\n [ ] ", "ab ", "ab " }, { "(?x)a +", "aa", "aa" }, { "a(?#b)c", "ac", "ac" },
        { "(a)\\1", "aab", "aa" }, { "(?<x>[ab])\\k<x>", "abba", "bb" }, { "(?<x>a)(b)\\k<x>", "aba", "aba" }, { "(?:(a)|b)\\1", "baa", "aa" }, { "(a)(b)\\k<-1>", "abb", "abb" }, { "(?<x>a)|(?<x>b)\\k<x>", "bb", "bb" },
        { "(?:(a)|(b))+\\1", "aba", "aba" }, { "((a)|b)*?c\\2", "abca", "abca" },
        { "a\\p{L}*b", "axbxbx", "axbxb" }, { "\\p{L}+\\d", "abc1abc", "abc1" }, { "[^x]+x", "aax", "aax" }, { "😀+😁", "😀😀😁", "😀😀😁" },
    };

    [Theory]
    [MemberData(nameof(Features))]
    public void A_pattern_finds_its_matches_one_after_another(string pattern, string text, string? matches)
    {
        if (matches is null)
        {
            Should.Throw<PatternFormatException>(() => RegexPattern.Parse(pattern));
            return;
        }
        string.Join('|', Matches(RegexPattern.Parse(pattern), text)).ShouldBe(matches);
    }

    [Theory]
    [InlineData("a(b", 3, "parenthesis")]
    [InlineData("ab)", 2, "parenthesis")]
    [InlineData("[a", 2, "ends too early")]
    [InlineData("[]", 1, "empty class")]
    [InlineData("[b-a]", 2, "goes down")]
    [InlineData("[\\w-a]", 3, "begins no range")]
    [InlineData("[a-\\d]", 2, "ends no range")]
    [InlineData("[a-[b]]", 2, "ends no range")]
    [InlineData("[[:foo:]]", 3, "no POSIX class")]
    [InlineData("{2}", 0, "nothing to repeat")]
    [InlineData("(?i)(a)\\1", 7, "in any case")]
    [InlineData("*a", 0, "nothing to repeat")]
    [InlineData("(?=a)*", 0, "cannot be repeated")]
    [InlineData("x\\p{Klingon}", 3, "no property Klingon")]
    [InlineData("(?<n>a)\\g<n>", 7, "calls of a group")]
    [InlineData("(?(1)a|b)", 0, "not supported")]
    [InlineData("(?~a)", 0, "not supported")]
    [InlineData("(?P<n>a)", 0, "not supported")]
    [InlineData("(*FAIL)", 0, "callouts")]
    [InlineData("(a)\\2", 3, "no group 2")]
    [InlineData("\\xE4", 1, "UTF-8")]
    [InlineData("\\x{110000}", 2, "no code point")]
    [InlineData("\\u12", 4, "hexadecimal digits")]
    [InlineData("a{100001}", 1, "repetitions")]
    [InlineData("(?:ab){100000}{100}", 19, "spelled out")]
    [InlineData("\\", 1, "ends too early")]
    public void A_pattern_that_is_wrong_or_not_supported_is_refused_where_it_is(string pattern, int position, string reason)
    {
        PatternFormatException refused = Should.Throw<PatternFormatException>(() => RegexPattern.Parse(pattern));

        refused.Position.ShouldBe(position);
        refused.Message.ShouldContain(reason);
    }

    [Fact]
    public void Deep_nesting_is_refused_and_not_a_stack_overflow()
    {
        Should.Throw<PatternFormatException>(() => RegexPattern.Parse(new string('(', 100_000))).Message.ShouldContain("nested");
        Should.Throw<PatternFormatException>(() => RegexPattern.Parse(new string('[', 100_000))).Message.ShouldContain("nested");
    }

    [Fact]
    public void A_search_that_turns_back_without_end_is_given_up()
    {
        RegexPattern pattern = RegexPattern.Parse("(?:a|a)*b");

        Should.Throw<TokenizationException>(() => Matches(pattern, new string('a', 40))).Message.ShouldContain("given up");
        Matches(pattern, "aab").ShouldBe(["aab"]); // and the matcher is as good as new
    }

    [Fact]
    public void Long_texts_need_no_deep_stack()
    {
        Matches(RegexPattern.Parse("(?:a|b)*c"), new string('a', 200_000) + "c").Single().Length.ShouldBe(200_001);
        Matches(RegexPattern.Parse("a*?c"), new string('a', 200_000) + "c").Single().Length.ShouldBe(200_001);
    }

    [Fact]
    public void A_search_allocates_nothing()
    {
        RegexPattern pattern = RegexPattern.Parse("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");
        string text = string.Concat(Enumerable.Repeat("It's 1234 words,  née 漢字 😀!\r\n\r\n", 50));
        Count();

        long before = GC.GetAllocatedBytesForCurrentThread();
        int found = Count();

        GC.GetAllocatedBytesForCurrentThread().ShouldBe(before);
        found.ShouldBeGreaterThan(400);

        int Count()
        {
            int count = 0;
            for (int at = 0; pattern.Find(text, at, out _, out at);)
            {
                count++;
            }
            return count;
        }
    }

    [Fact]
    public void Threads_share_a_pattern()
    {
        RegexPattern pattern = RegexPattern.Parse("(?<x>[a-z])\\k<x>|\\p{L}+?(?=\\d)");
        string[] texts = [.. Enumerable.Range(1, 200).Select(i => new string('q', i) + "z1" + i)];
        List<List<string>> alone = [.. texts.Select(text => Matches(pattern, text))];

        List<string>[] together = new List<string>[texts.Length];
        Parallel.For(0, texts.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i => together[i] = Matches(pattern, texts[i]));

        together.ShouldBe(alone);
    }

    [Fact]
    public void Long_alternations_and_classes_of_a_class_agree_with_the_runtime_on_what_both_know()
    {
        int seed = 20261124;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        Random random = new(seed);
        string[] parts = ["a", "b", "(?:a|bc)", "[ab]", "[^a]", "a*", "b+?", "(?:ab)?", "(?>a+)", "c{1,2}", "(?=b)", "(?!c)", "(?<=a)", "(?<!b)", "(?:a|b|)*", "(?:[ab]c?)+", "\\b", "(a|b)", "."];
        for (int round = 0; round < 1500; round++)
        {
            string pattern = string.Concat(random.GetItems(parts, random.Next(1, 5))) + (random.Next(3) == 0 ? "|" + string.Concat(random.GetItems(parts, 2)) : "");
            string text = new(random.GetItems("abc\n".AsSpan(), random.Next(12)));
            System.Text.RegularExpressions.Regex runtime = new(pattern, System.Text.RegularExpressions.RegexOptions.CultureInvariant);
            RegexPattern ours = RegexPattern.Parse(pattern);
            for (int from = 0; from <= text.Length; from++)
            {
                System.Text.RegularExpressions.Match expected = runtime.Match(text, from);
                bool found = ours.Find(text, from, out int start, out int end);
                (found, start, end).ShouldBe(expected.Success ? (true, expected.Index, expected.Index + expected.Length) : (false, 0, 0), $"seed {seed}, round {round}: {pattern} in {text} from {from}");
            }
        }
    }

    [Theory]
    [InlineData("p-regex-features")]
    [InlineData("p-llama3-regex")]
    [InlineData("p-cl100k-possessive-regex")]
    [InlineData("p-o200k-regex")]
    [InlineData("p-empty-match-regex")]
    public void Pieces_are_those_of_the_reference(string name)
    {
        using JsonDocument file = JsonDocument.Parse(Reference.File($"synthetic/{name}"));
        RegexPattern pattern = RegexPattern.Parse(file.RootElement.GetProperty("pre_tokenizer").GetProperty("pattern").GetProperty("Regex").GetString()!);
        int cases = 0;
        foreach ((string id, string text, List<(int, int)> pieces) in GoldenSplits.Of(name))
        {
            GoldenSplits.Isolated(pattern, text).ShouldBe(pieces, $"{name} {id}");
            cases++;
        }
        cases.ShouldBeGreaterThan(100);
    }

    private static List<string> Matches(RegexPattern pattern, string text)
    {
        List<string> matches = [];
        for (int from = 0; from <= text.Length && pattern.Find(text, from, out int start, out int end);)
        {
            matches.Add(text[start..end]);
            from = end > from || end > start ? end + (end == start ? 1 : 0) : from + 1;
        }
        return matches;
    }
}

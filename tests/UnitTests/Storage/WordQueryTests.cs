using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage;

public sealed class WordQueryTests
{
    private static readonly string[] Parts =
    [
        "\"", "'", "*", "^", "(", ")", "{", "}", ":", "+", "-", ",", ".", ";", "\\", "/", "%", "$1", "?", "NEAR", "NEAR(", "NEAR/2", "AND", "OR", "NOT", "title", "title:", "text :", "rowid", "rank", "--", "/*",
        "\0", "\n", "\t", " ", "\u00A0", "\u200D", "\uFEFF", "\uD83D", "\uDE00", "\U0001F600", "\U0001F468\u200D\U0001F469", "\u0301", "e\u0301", "\u0903", "检索", "検索エンジン", "검색", "ค้นหา", "हिन्दी", "\U00020000", "İ", "ß", "ﬃ", "١٢", "½",
        "the", "of", "fox", "foxes", "w1x", "don't", "C++", "3.14", "a_b",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task No_character_of_a_query_is_an_operator_and_none_ever_fails(int seed)
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        await opened.StoreAsync(row, "d", "The quick brown fox. " + string.Join(' ', Parts), [1, 0, 0, 0]);
        Random random = new(seed);
        for (int i = 0; i < 2000; i++)
        {
            string query = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.Next(5) == 0 ? ((char)random.Next(0x10000)).ToString() : Parts[random.Next(Parts.Length)]));
            string marked = $"fox {query}";
            (await opened.Catalog.SearchLexicalAsync(row, query, 10, null, default)).Count.ShouldBeLessThanOrEqualTo(1);
            (await opened.Catalog.SearchLexicalAsync(row, marked, 10, null, default)).Count.ShouldBe(1, $"seed {seed}, '{string.Join(' ', marked.Select(c => $"{(int)c:x}"))}'");
        }
    }

    [Theory]
    [InlineData("What is the height of the tower?", "\"height\" OR \"tower\"")]
    [InlineData("the of and", "\"the\" OR \"of\" OR \"and\"")]
    [InlineData("to be or NOT to be", "\"to\" OR \"be\" OR \"or\" OR \"not\"")]
    [InlineData("Tower tower TOWER", "\"tower\"")]
    [InlineData("O'Neill", "\"o\" OR \"neill\"")]
    [InlineData("?! ... \0", "")]
    [InlineData("", "")]
    public void Words_are_quoted_once_and_stop_words_count_only_when_nothing_else_is_left(string query, string expected) => WordQuery.Of(query).ShouldBe(expected);

    [Fact]
    public void A_long_query_is_cut_to_a_bounded_number_of_words() =>
        WordQuery.Of(string.Join(' ', Enumerable.Range(0, 5000).Select(i => $"w{i}"))).Split(" OR ").Length.ShouldBe(64);
}

using System.Globalization;
using System.Text;
using Retrieval.Tokenization;
using Shouldly;
using Xunit;

namespace Retrieval.UnitTests.Tokenization.Unicode;

public sealed class GraphemeClusterTests
{
    [Theory]
    [InlineData("ab", "a|b")]
    [InlineData("\r\n\n\ra", "\r\n|\n|\r|a")]
    [InlineData("e\u0301\u0323x", "e\u0301\u0323|x")]
    [InlineData("\u0301a", "\u0301|a")]
    [InlineData("\n\u0301", "\n|\u0301")]
    [InlineData("\u1100\u1161\u11A8\uAC00\u11A8\uAC01\u1161", "\u1100\u1161\u11A8|\uAC00\u11A8|\uAC01|\u1161")]
    [InlineData("🇩🇪🇫🇷🇮", "🇩🇪|🇫🇷|🇮")]
    [InlineData("👩‍👩‍👧👍🏽a", "👩‍👩‍👧|👍🏽|a")]
    [InlineData("a\u200D👩", "a\u200D|👩")]
    [InlineData("\u0600a", "\u0600a")]
    [InlineData("\u0E01\u0E33", "\u0E01\u0E33")]
    [InlineData("\u0915\u094D\u0924\u093F", "\u0915\u094D\u0924\u093F")]
    [InlineData("\u0915\u0924", "\u0915|\u0924")]
    [InlineData("\u0915\u094D\u200D\u0924", "\u0915\u094D\u200D\u0924")]
    [InlineData("\u0BA4\u0BCD\u0BA4", "\u0BA4\u0BCD|\u0BA4")]
    public void Clusters_are_those_of_the_standard(string text, string expected)
    {
        List<string> clusters = [];
        for (int at = 0; at < text.Length; at = GraphemeClusters.Next(text, at))
        {
            clusters.Add(text[at..GraphemeClusters.Next(text, at)]);
        }
        string.Join('|', clusters).ShouldBe(expected);
    }

    [Fact]
    public void Where_one_cluster_ends_the_next_begins_and_the_runtime_agrees_on_characters_that_its_version_has_in_common()
    {
        const int seed = 29;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        Random random = new(seed);
        string[] parts = ["a", "é", "\u0301", "\u200D", "👩", "❤", "\uFE0F", "🏽", "🇩", "🇪", "\r", "\n", "\u0007", "\u00AD", "\u1100", "\u1161", "\u11A8", "\uAC00", "\uAC01", "\u0600", "\u0E33", "\u0903", "漢", "\U0001F1E6", "\u200B", "©"];
        for (int round = 0; round < 5000; round++)
        {
            string text = new StringBuilder().AppendJoin("", random.GetItems(parts, random.Next(1, 12))).ToString();
            for (int at = 0; at < text.Length;)
            {
                int next = GraphemeClusters.Next(text, at);
                GraphemeClusters.IsBorder(text, next, conjuncts: true).ShouldBeTrue();
                (next - at).ShouldBe(StringInfo.GetNextTextElementLength(text, at), $"seed {seed}, round {round}, at {at}: {string.Join(' ', text.EnumerateRunes().Select(rune => $"{rune.Value:X}"))}");
                at = next;
            }
        }
    }
}

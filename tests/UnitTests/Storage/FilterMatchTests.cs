using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage;

public sealed class FilterMatchTests
{
    private const string Metadata = """
        {"s":"en","empty":"","n":3,"big":9007199254740993,"neg":-1,"float":3.0,"half":3.5,"t":true,"f":false,"null":null,
         "tags":["a","b",3,true,["deep"]],"none":[],"o":{"k":"v","n":{"x":1}},"list":[{"k":"v1"},{"k":["v2","v3"]},7],"dotted.key":"yes","o.k":"whole key first","ä ö":"u","escaped":"\u0065n"}
        """;

    [Theory]
    [InlineData("s", "\"en\"", true)]
    [InlineData("s", "\"EN\"", false)]
    [InlineData("S", "\"en\"", false)]
    [InlineData("escaped", "\"en\"", true)]
    [InlineData("empty", "\"\"", true)]
    [InlineData("missing", "\"en\"", false)]
    [InlineData("s.k", "\"en\"", false)]
    [InlineData("n", "3", true)]
    [InlineData("n", "\"3\"", false)]
    [InlineData("n", "4", false)]
    [InlineData("big", "9007199254740993", true)]
    [InlineData("big", "9007199254740992", false)]
    [InlineData("neg", "-1", true)]
    [InlineData("float", "3", false)]
    [InlineData("half", "3", false)]
    [InlineData("t", "true", true)]
    [InlineData("t", "false", false)]
    [InlineData("t", "1", false)]
    [InlineData("t", "\"true\"", false)]
    [InlineData("f", "false", true)]
    [InlineData("null", "\"null\"", false)]
    [InlineData("tags", "\"b\"", true)]
    [InlineData("tags", "3", true)]
    [InlineData("tags", "true", true)]
    [InlineData("tags", "false", false)]
    [InlineData("tags", "\"c\"", false)]
    [InlineData("none", "\"a\"", false)]
    [InlineData("o", "\"v\"", false)]
    [InlineData("o.n.x", "1", true)]
    [InlineData("o.n.y", "1", false)]
    [InlineData("o.n", "1", false)]
    [InlineData("list.k", "\"v1\"", true)]
    [InlineData("list.k", "\"v3\"", true)]
    [InlineData("list.k", "7", false)]
    [InlineData("list", "7", true)]
    [InlineData("dotted.key", "\"yes\"", true)]
    [InlineData("o.k", "\"whole key first\"", true)]
    [InlineData("o.k", "\"v\"", false)]
    [InlineData("ä ö", "\"u\"", true)]
    [InlineData(".", "\"en\"", false)]
    [InlineData("s.", "\"en\"", false)]
    public void One_condition(string key, string value, bool holds)
    {
        Filter filter = Of((key, value));
        FilterMatch.Check(filter);
        FilterMatch.Holds(filter, JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Metadata)).ShouldBe(holds);
    }

    [Fact]
    public void Every_condition_has_to_hold_and_without_metadata_none_does()
    {
        Dictionary<string, JsonElement>? metadata = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Metadata);
        FilterMatch.Holds(Of(("s", "\"en\""), ("n", "3")), metadata).ShouldBeTrue();
        FilterMatch.Holds(Of(("s", "\"en\""), ("n", "4")), metadata).ShouldBeFalse();
        FilterMatch.Holds(Of(("s", "\"en\"")), null).ShouldBeFalse();
        FilterMatch.Holds(Of(), metadata).ShouldBeTrue();
        FilterMatch.Holds(new Filter(), null).ShouldBeTrue();
    }

    [Theory]
    [InlineData("""{"must":[{"match":{"value":1}}]}""", "filter.must[0].key")]
    [InlineData("""{"must":[{"key":"","match":{"value":1}}]}""", "filter.must[0].key")]
    [InlineData("""{"must":[{"key":"a","match":{"value":1}},null]}""", "filter.must[1].key")]
    [InlineData("""{"must":[{"key":"a"}]}""", "filter.must[0].match.value")]
    [InlineData("""{"must":[{"key":"a","match":{}}]}""", "filter.must[0].match.value")]
    [InlineData("""{"must":[{"key":"a","match":{"value":null}}]}""", "filter.must[0].match.value")]
    [InlineData("""{"must":[{"key":"a","match":{"value":1.5}}]}""", "filter.must[0].match.value")]
    [InlineData("""{"must":[{"key":"a","match":{"value":9223372036854775808}}]}""", "filter.must[0].match.value")]
    [InlineData("""{"must":[{"key":"a","match":{"value":["x"]}}]}""", "filter.must[0].match.value")]
    [InlineData("""{"must":[{"key":"a","match":{"value":{"x":"0123456789012345678901234567890123456789012345678901234567890123456789"}}}]}""", "filter.must[0].match.value")]
    public void An_incomplete_condition_is_refused_by_its_field(string json, string field)
    {
        Filter filter = JsonSerializer.Deserialize(json, WireJson.Strict.SearchRequest.Options.GetTypeInfo(typeof(Filter))) as Filter ?? throw new InvalidOperationException(json);
        Problem problem = Should.Throw<RetrievalException>(() => FilterMatch.Check(filter)).Problem;
        (problem.Kind, problem.Field).ShouldBe((ErrorKind.Invalid, field));
        (problem.Value?.Length ?? 0).ShouldBeLessThan(64);
    }

    private static Filter Of(params (string Key, string Value)[] conditions) => new()
    {
        Must = [.. conditions.Select(c => new Condition { Key = c.Key, Match = new Match { Value = JsonDocument.Parse(c.Value).RootElement.Clone() } })],
    };
}

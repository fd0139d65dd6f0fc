using System.Text;
using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Gateway;

namespace Retrieval.UnitTests.Gateway;

public sealed class RequestBodyTests
{
    [Theory]
    [InlineData("""{"query":"a","foo":1}""", "foo", "foo", "query, top, mode, filter, context, tier")]
    [InlineData("""{"Query":"a"}""", "Query", "Query", "query, top, mode, filter, context, tier")]
    [InlineData("""{"filter":{"mustnot":[]}}""", "filter.mustnot", "mustnot", "must, should, must_not, min_should")]
    [InlineData("""{"filter":{"must":[{"key":"a","foo":{"x":1}}]}}""", "filter.must[0].foo", "foo", "key, match, range, geo_radius, geo_bounding_box, geo_polygon, values_count, is_empty, is_null, has_id, has_vector, nested, must, should, must_not, min_should")]
    [InlineData("""{"filter":{"must":[{"key":"a"},{"match":{"all":[1]}}]}}""", "filter.must[1].match.all", "all", "value, any, except, text, text_any, phrase, prefix")]
    [InlineData("""{"fo'o":{}}""", "['fo'o']", "fo'o", "query, top, mode, filter, context, tier")]
    public void An_unknown_field_is_named_with_its_place_and_the_fields_that_are_allowed_there(string json, string field, string name, string allowed)
    {
        Problem problem = Refused(json, WireJson.Strict.SearchRequest);
        (problem.Field, problem.Value, problem.Limit).ShouldBe((field, name, allowed));
        problem.Detail.ShouldContain($"'{name}'");
    }

    [Theory]
    [InlineData("""{"top":"x"}""", "top", "an integer of 32 bits", "\"x\"")]
    [InlineData("""{"top":1.5}""", "top", "an integer of 32 bits", "1.5")]
    [InlineData("""{"top":null}""", "top", "an integer of 32 bits", "null")]
    [InlineData("""{"query":5}""", "query", "a string", "5")]
    [InlineData("""{"mode":"fast"}""", "mode", "hybrid, dense, lexical", "\"fast\"")]
    [InlineData("""{"filter":[]}""", "filter", "an object with must, should, must_not, min_should", "a list")]
    [InlineData("""{"filter":{"min_should":{"conditions":{}}}}""", "filter.min_should.conditions", "a list", "an object")]
    [InlineData("""{"filter":{"must":[{},{"match":5}]}}""", "filter.must[1].match", "an object with value, any, except, text, text_any, phrase, prefix", "5")]
    [InlineData("""[]""", "body", "an object with query, top, mode, filter, context, tier", "a list")]
    [InlineData("\"text\"", "body", "an object with query, top, mode, filter, context, tier", "\"text\"")]
    [InlineData("  ", "body", "an object with query, top, mode, filter, context, tier", null)]
    [InlineData("""{"query":"a"} {"query":"b"}""", "body", "an object with query, top, mode, filter, context, tier", null)]
    public void A_wrong_shape_is_named_with_its_path_and_what_is_expected_and_given_there(string json, string field, string expected, string? given)
    {
        Problem problem = Refused(json, WireJson.Strict.SearchRequest);
        (problem.Field, problem.Limit, problem.Value).ShouldBe((field, expected, given));
        problem.Detail.ShouldContain(field);
    }

    [Theory]
    [InlineData("{\"query\":\"a\",\n\"top\":}", 2)]
    [InlineData("{\"query\":\"a", 1)]
    [InlineData("{'query':1}", 1)]
    public void Broken_json_is_told_with_its_line(string json, int line) => Refused(json, WireJson.Strict.SearchRequest).Detail.ShouldContain($"line {line}, byte ");

    [Fact]
    public void Nothing_and_null_are_no_object_and_the_way_out_shows_the_fields()
    {
        foreach (string json in (string[])["", "null", " null\n"])
        {
            Refused(json, WireJson.Strict.DocumentInput).Help.ShouldBe("Send {id, title, text, url, metadata, version}.");
        }
    }

    [Theory]
    [InlineData("""{"text":"\ud800"}""")]
    [InlineData("""{"text":"\uDC00\uD800"}""")]
    [InlineData("""{"\ud83d":"x"}""")]
    [InlineData("""{"metadata":{"a":"\ud800 b"}}""")]
    [InlineData("""{"metadata":{"a":[{"\udc00":1}]}}""")]
    [InlineData("""{"metadata":{"\ud800\n":1}}""")]
    public void Half_of_a_surrogate_pair_is_refused_wherever_it_hides(string json)
    {
        Problem problem = Refused(json, WireJson.Strict.DocumentInput);
        problem.Detail.ShouldContain("surrogate");
        problem.Help!.ShouldContain("\\u");
    }

    [Fact]
    public void Whole_pairs_escaped_backslashes_and_everything_else_pass_unchanged()
    {
        DocumentInput document = RequestBody.ParseJson("""{"id":"a","text":"\ud83d\ude00 \\ud800 \u0000 ä","metadata":{"x":"\uD83D\uDE00","n":1e400,"d":{"e":[null]}},"version":7}"""u8, WireJson.Strict.DocumentInput);
        (document.Id, document.Text, document.Version).ShouldBe(("a", "\U0001F600 \\ud800 \0 ä", 7));
        document.Metadata!["x"].GetString().ShouldBe("\U0001F600");
        JsonSerializer.Serialize(document, WireJson.Strict.DocumentInput).ShouldContain("\"n\":1e400");
    }

    [Theory]
    [InlineData(new byte[] { (byte)'{', (byte)'"', (byte)'t', (byte)'e', (byte)'x', (byte)'t', (byte)'"', (byte)':', (byte)'"', 0xFF, (byte)'"', (byte)'}' })]
    [InlineData(new byte[] { 0xC3, 0x28 })]
    public void Json_that_is_not_utf8_is_refused_as_such(byte[] json) =>
        Should.Throw<RetrievalException>(() => RequestBody.ParseJson<DocumentInput>(json, WireJson.Strict.DocumentInput)).Problem.Detail.ShouldContain("UTF-8");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_first_byte_that_is_not_utf8_is_told_by_value_and_position(int seed)
    {
        Random random = new(seed);
        byte[][] bad = [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80], [0x80], [0xE4]];
        for (int i = 0; i < 500; i++)
        {
            byte[] before = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(100)).Select(_ => (string[])["a", "ä", "检", "\U0001F600"]).Select(c => c[random.Next(4)])));
            byte[] mark = random.Next(2) == 0 ? [] : [0xEF, 0xBB, 0xBF], wrong = bad[random.Next(bad.Length)];
            Problem problem = Should.Throw<RetrievalException>(() => RequestBody.ParseText([.. mark, .. before, .. wrong, .. "tail"u8])).Problem;
            problem.Detail.ShouldContain($"byte 0x{wrong[0]:X2}", Case.Sensitive, $"seed {seed}, text {i}");
            problem.Detail.ShouldEndWith($"position {mark.Length + before.Length}.", Case.Sensitive, $"seed {seed}, text {i}");
        }
    }

    [Fact]
    public void A_byte_order_mark_is_dropped_once_and_nothing_else_is_changed()
    {
        RequestBody.ParseText([0xEF, 0xBB, 0xBF, .. "text"u8]).ShouldBe("text");
        RequestBody.ParseText([0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF, .. "text"u8]).ShouldBe("\uFEFFtext");
        RequestBody.ParseText([]).ShouldBe("");
        RequestBody.ParseText([.. "\r\n\0\t\U0001F600"u8]).ShouldBe("\r\n\0\t\U0001F600");
    }

    private static Problem Refused<T>(string json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) where T : class
    {
        Problem problem = Should.Throw<RetrievalException>(() => RequestBody.ParseJson<T>(Encoding.UTF8.GetBytes(json), type)).Problem;
        problem.Kind.ShouldBe(ErrorKind.Invalid);
        return problem;
    }
}

using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Gateway;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage.Filters;

public sealed class FilterPlanTests
{
    private const string Metadata = """
        {"s":"en","empty":"","n":3,"big":9007199254740993,"neg":-1,"float":3.0,"half":3.5,"t":true,"f":false,"null":null,"nulls":[null],
         "tags":["a","b",3,true,["deep"]],"none":[],"o":{"k":"v","n":{"x":1}},"list":[{"k":"v1"},{"k":["v2","v3"]},7],"dotted.key":"yes","ä ö":"u","escaped":"\u0065n",
         "title":"The quick-brown Fox, ÜBER 2 rivers","when":"2024-06-06T05:00:00Z","berlin":{"lon":13.4,"lat":52.5},"items":[{"sku":"a","qty":1},{"sku":"b","qty":5}]}
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
    [InlineData("tags[]", "\"b\"", true)]
    [InlineData("tags[1]", "\"b\"", true)]
    [InlineData("tags[0]", "\"b\"", false)]
    [InlineData("tags[9]", "\"b\"", false)]
    [InlineData("tags", "3", true)]
    [InlineData("tags", "true", true)]
    [InlineData("tags", "false", false)]
    [InlineData("tags", "\"c\"", false)]
    [InlineData("tags", "\"deep\"", false)]
    [InlineData("tags[]", "\"deep\"", true)]
    [InlineData("none", "\"a\"", false)]
    [InlineData("o", "\"v\"", false)]
    [InlineData("o.k", "\"v\"", true)]
    [InlineData("o[]", "\"v\"", false)]
    [InlineData("o.n.x", "1", true)]
    [InlineData("o.n.y", "1", false)]
    [InlineData("o.n", "1", false)]
    [InlineData("list.k", "\"v1\"", false)]
    [InlineData("list[].k", "\"v1\"", true)]
    [InlineData("list[0].k", "\"v1\"", true)]
    [InlineData("list[1].k", "\"v1\"", false)]
    [InlineData("list[].k", "\"v3\"", true)]
    [InlineData("list[].k", "7", false)]
    [InlineData("list", "7", true)]
    [InlineData("dotted.key", "\"yes\"", false)]
    [InlineData("\"dotted.key\"", "\"yes\"", true)]
    [InlineData("o.\"k\"", "\"v\"", true)]
    [InlineData("ä ö", "\"u\"", true)]
    public void A_value_equals_what_stands_at_its_path(string key, string value, bool holds) =>
        Holds($$$"""{"must":[{"key":{{{JsonSerializer.Serialize(key)}}},"match":{"value":{{{value}}}}}]}""").ShouldBe(holds);

    [Theory]
    [InlineData("""{"key":"s","match":{"any":["de","en"]}}""", true)]
    [InlineData("""{"key":"n","match":{"any":[1,3]}}""", true)]
    [InlineData("""{"key":"n","match":{"any":[]}}""", false)]
    [InlineData("""{"key":"s","match":{"except":["en"]}}""", false)]
    [InlineData("""{"key":"s","match":{"except":["de"]}}""", true)]
    [InlineData("""{"key":"n","match":{"except":["en"]}}""", true)]
    [InlineData("""{"key":"half","match":{"except":[3]}}""", true)]
    [InlineData("""{"key":"null","match":{"except":["en"]}}""", false)]
    [InlineData("""{"key":"none","match":{"except":["en"]}}""", false)]
    [InlineData("""{"key":"missing","match":{"except":["en"]}}""", false)]
    [InlineData("""{"key":"s","match":{"except":[]}}""", true)]
    [InlineData("""{"key":"title","match":{"text":"fox QUICK"}}""", true)]
    [InlineData("""{"key":"title","match":{"text":"fox quickly"}}""", false)]
    [InlineData("""{"key":"title","match":{"text":"über"}}""", true)]
    [InlineData("""{"key":"title","match":{"text":"..."}}""", false)]
    [InlineData("""{"key":"title","match":{"text_any":"dog fox"}}""", true)]
    [InlineData("""{"key":"title","match":{"text_any":"dog cat"}}""", false)]
    [InlineData("""{"key":"title","match":{"phrase":"brown fox"}}""", true)]
    [InlineData("""{"key":"title","match":{"phrase":"fox brown"}}""", false)]
    [InlineData("""{"key":"title","match":{"prefix":"The q"}}""", true)]
    [InlineData("""{"key":"title","match":{"prefix":"the q"}}""", false)]
    [InlineData("""{"key":"n","range":{"gte":3,"lt":3.5}}""", true)]
    [InlineData("""{"key":"n","range":{"gt":3}}""", false)]
    [InlineData("""{"key":"half","range":{"gt":3.4999,"lte":3.5}}""", true)]
    [InlineData("""{"key":"half","range":{"gte":3.5,"gt":3.5}}""", false)]
    [InlineData("""{"key":"s","range":{"gte":0}}""", false)]
    [InlineData("""{"key":"n","range":{}}""", true)]
    [InlineData("""{"key":"s","range":{}}""", false)]
    [InlineData("""{"key":"when","range":{"gte":"2024-06-06","lt":"2024-06-07"}}""", true)]
    [InlineData("""{"key":"when","range":{"gte":"2024-06-06T07:00:00+02:00","lte":"2024-06-06 05:00:00"}}""", true)]
    [InlineData("""{"key":"when","range":{"gt":"2024-06-06T05:00:00Z"}}""", false)]
    [InlineData("""{"key":"s","range":{"gt":"2024-06-06T05:00:00Z"}}""", false)]
    [InlineData("""{"key":"tags","values_count":{"gte":5,"lte":5}}""", true)]
    [InlineData("""{"key":"tags","values_count":{"gt":5}}""", false)]
    [InlineData("""{"key":"s","values_count":{"lt":2,"gt":0}}""", true)]
    [InlineData("""{"key":"missing","values_count":{"lt":1}}""", true)]
    [InlineData("""{"key":"null","values_count":{"gte":1}}""", false)]
    [InlineData("""{"is_empty":{"key":"missing"}}""", true)]
    [InlineData("""{"is_empty":{"key":"null"}}""", true)]
    [InlineData("""{"is_empty":{"key":"none"}}""", true)]
    [InlineData("""{"is_empty":{"key":"nulls"}}""", false)]
    [InlineData("""{"is_empty":{"key":"empty"}}""", false)]
    [InlineData("""{"key":"missing","is_empty":true}""", true)]
    [InlineData("""{"key":"missing","is_empty":false}""", false)]
    [InlineData("""{"is_null":{"key":"null"}}""", true)]
    [InlineData("""{"is_null":{"key":"missing"}}""", false)]
    [InlineData("""{"is_null":{"key":"nulls"}}""", false)]
    [InlineData("""{"key":"s","is_null":false}""", true)]
    [InlineData("""{"has_id":["x","doc"]}""", true)]
    [InlineData("""{"has_id":["x",7]}""", false)]
    [InlineData("""{"has_id":[]}""", false)]
    [InlineData("""{"has_vector":""}""", true)]
    [InlineData("""{"has_vector":"other"}""", false)]
    [InlineData("""{"nested":{"key":"items","filter":{"must":[{"key":"sku","match":{"value":"a"}},{"key":"qty","range":{"gte":3}}]}}}""", false)]
    [InlineData("""{"nested":{"key":"items","filter":{"must":[{"key":"sku","match":{"value":"b"}},{"key":"qty","range":{"gte":3}}]}}}""", true)]
    [InlineData("""{"nested":{"key":"items[]","filter":{"must_not":{"key":"sku","match":{"value":"a"}}}}}""", true)]
    [InlineData("""{"nested":{"key":"items","filter":{"must":{"has_id":["doc"]}}}}""", false)]
    [InlineData("""{"nested":{"key":"o","filter":{}}}""", false)]
    [InlineData("""{"key":"berlin","geo_radius":{"center":{"lon":13.4,"lat":52.6},"radius":11200}}""", true)]
    [InlineData("""{"key":"berlin","geo_radius":{"center":{"lon":13.4,"lat":52.6},"radius":11000}}""", false)]
    [InlineData("""{"key":"berlin","geo_bounding_box":{"top_left":{"lon":170,"lat":60},"bottom_right":{"lon":14,"lat":50}}}""", true)]
    [InlineData("""{"key":"berlin","geo_bounding_box":{"top_left":{"lon":13.5,"lat":60},"bottom_right":{"lon":14,"lat":50}}}""", false)]
    [InlineData("""{"key":"berlin","geo_polygon":{"exterior":{"points":[{"lon":13,"lat":52},{"lon":14,"lat":52},{"lon":13.5,"lat":53},{"lon":13,"lat":52}]},"interiors":[{"points":[{"lon":13.3,"lat":52.4},{"lon":13.5,"lat":52.4},{"lon":13.4,"lat":52.6},{"lon":13.3,"lat":52.4}]}]}}""", false)]
    [InlineData("""{"key":"n","match":{"value":3},"range":{"gt":3}}""", false)]
    [InlineData("""{"key":"n","match":{"value":3},"range":{"lt":4}}""", true)]
    [InlineData("{}", true)]
    [InlineData("""{"should":[{"key":"n","match":{"value":4}},{"key":"n","match":{"value":3}}]}""", true)]
    [InlineData("""{"should":[]}""", true)]
    [InlineData("""{"min_should":{"conditions":[{"key":"n","match":{"value":3}},{"key":"s","match":{"value":"en"}},{"key":"s","match":{"value":"de"}}],"min_count":2}}""", true)]
    [InlineData("""{"min_should":{"conditions":[{"key":"n","match":{"value":3}},{"key":"s","match":{"value":"de"}}],"min_count":2}}""", false)]
    [InlineData("""{"min_should":{"conditions":[{"key":"n","match":{"value":3}}],"min_count":2}}""", false)]
    public void A_condition_holds_as_must_alone_and_in_no_list_and_not_as_must_not(string condition, bool holds)
    {
        Holds($$"""{"must":[{{condition}}]}""").ShouldBe(holds);
        Holds("""{"must":""" + condition + "}").ShouldBe(holds);
        Holds("""{"should":[{"key":"s","match":{"value":"no"}},""" + condition + "]}").ShouldBe(holds);
        Holds($$"""{"must_not":[{{condition}}]}""").ShouldBe(!holds);
        Holds("""{"must_not":[{"must_not":""" + condition + "}]}").ShouldBe(holds);
    }

    [Fact]
    public void Without_metadata_only_what_asks_for_nothing_or_for_absence_holds()
    {
        FilterReader.Read(null).ShouldBeNull();
        FilterReader.Read(new Filter()).ShouldBeNull();
        FilterReader.Read(Parse("""{"must":[{}],"should":[]}""")).ShouldBeNull();
        Plan("""{"must":[{"key":"s","match":{"value":"en"}}]}""").Holds(default, "doc").ShouldBeFalse();
        Plan("""{"must":[{"is_empty":{"key":"s"}}]}""").Holds(default, "doc").ShouldBeTrue();
        Plan("""{"must_not":[{"key":"s","match":{"value":"en"}}]}""").Holds(default, "doc").ShouldBeTrue();
        Plan("""{"must":[{"has_id":["doc"]}]}""").Holds(default, "doc").ShouldBeTrue();
    }

    [Theory]
    [InlineData("""{"must":[{"match":{"value":1}}]}""", "filter.must[0].key")]
    [InlineData("""{"must":[{"key":"","match":{"value":1}}]}""", "filter.must[0].key")]
    [InlineData("""{"must":[{"key":".","match":{"value":1}}]}""", "filter.must[0].key")]
    [InlineData("""{"must":[{"key":"s.","match":{"value":1}}]}""", "filter.must[0].key")]
    [InlineData("""{"must":[{"key":"s[x]","match":{"value":1}}]}""", "filter.must[0].key")]
    [InlineData("""{"must":[{"key":"\"s","match":{"value":1}}]}""", "filter.must[0].key")]
    [InlineData("""{"must":[{"key":"a"}]}""", "filter.must[0]")]
    [InlineData("""{"should":[{},{"key":"a","match":{}}]}""", "filter.should[1].match.value")]
    [InlineData("""{"must":[{"key":"a","match":{"value":null}}]}""", "filter.must[0].match.value")]
    [InlineData("""{"must":[{"key":"a","match":{"value":1.5}}]}""", "filter.must[0].match.value")]
    [InlineData("""{"must":[{"key":"a","match":{"value":9223372036854775808}}]}""", "filter.must[0].match.value")]
    [InlineData("""{"must":[{"key":"a","match":{"value":["x"]}}]}""", "filter.must[0].match.value")]
    [InlineData("""{"must":[{"key":"a","match":{"value":{"x":"0123456789012345678901234567890123456789012345678901234567890123456789"}}}]}""", "filter.must[0].match.value")]
    [InlineData("""{"must":[{"key":"a","match":{"value":1,"any":[1]}}]}""", "filter.must[0].match")]
    [InlineData("""{"must":[{"key":"a","match":{"any":[1,true]}}]}""", "filter.must[0].match.any[1]")]
    [InlineData("""{"must":[{"key":"a","match":{"any":[1,"1"]}}]}""", "filter.must[0].match.any")]
    [InlineData("""{"must_not":[{"key":"a","match":{"except":[null]}}]}""", "filter.must_not[0].match.except[0]")]
    [InlineData("""{"must":[{"key":"a","range":{"gte":1,"lt":"2024-01-01"}}]}""", "filter.must[0].range.lt")]
    [InlineData("""{"must":[{"key":"a","range":{"gte":"yesterday"}}]}""", "filter.must[0].range.gte")]
    [InlineData("""{"must":[{"key":"a","range":{"gte":true}}]}""", "filter.must[0].range.gte")]
    [InlineData("""{"must":[{"is_empty":true}]}""", "filter.must[0].is_empty")]
    [InlineData("""{"must":[{"is_null":{"field":"a"}}]}""", "filter.must[0].is_null")]
    [InlineData("""{"must":[{"key":"a","is_null":{"key":"a"}}]}""", "filter.must[0].is_null")]
    [InlineData("""{"must":[{"has_id":[1,-1]}]}""", "filter.must[0].has_id[1]")]
    [InlineData("""{"must":[{"has_id":[1],"is_null":{"key":"a"}}]}""", "filter.must[0]")]
    [InlineData("""{"must":[{"key":"a","match":{"value":1},"has_id":[1]}]}""", "filter.must[0]")]
    [InlineData("""{"must":[{"nested":{"key":"a"}}]}""", "filter.must[0].nested.filter")]
    [InlineData("""{"must":[{"nested":{"key":"a","filter":{"should":{"key":"b"}}}}]}""", "filter.must[0].nested.filter.should[0]")]
    [InlineData("""{"min_should":{"conditions":[{}],"min_count":0}}""", "filter.min_should.min_count")]
    [InlineData("""{"min_should":{"conditions":[{"key":"b"}],"min_count":1}}""", "filter.min_should.conditions[0]")]
    [InlineData("""{"must":[{"key":"a","geo_radius":{"center":{"lon":200,"lat":52.5},"radius":1}}]}""", "filter.must[0].geo_radius.center")]
    [InlineData("""{"must":[{"key":"a","geo_radius":{"center":{"lon":20,"lat":52.5}}}]}""", "filter.must[0].geo_radius.radius")]
    [InlineData("""{"must":[{"key":"a","geo_polygon":{"exterior":{"points":[{"lon":1,"lat":1},{"lon":2,"lat":1},{"lon":2,"lat":2}]}}}]}""", "filter.must[0].geo_polygon.exterior.points")]
    public void What_is_incomplete_or_without_meaning_is_refused_by_its_path(string json, string field)
    {
        Problem problem = Should.Throw<RetrievalException>(() => FilterReader.Read(Parse(json))).Problem;
        (problem.Kind, problem.Field).ShouldBe((ErrorKind.Invalid, field));
        (problem.Value?.Length ?? 0).ShouldBeLessThan(64);
        problem.Help.ShouldNotBeNull();
    }

    [Theory]
    [InlineData("""{"mustnot":[]}""", "filter.mustnot")]
    [InlineData("""{"must":[{"key":"a","mach":1}]}""", "filter.must[0].mach")]
    [InlineData("""{"must":{"key":"a","mach":1}}""", "filter.must.mach")]
    [InlineData("""{"must":[{},{"should":[{"must_not":[{"key":"a","match":{"valu":1}}]}]}]}""", "filter.must[1].should[0].must_not[0].match.valu")]
    [InlineData("""{"must":[{"slice":{"total":4,"index":0}}]}""", "filter.must[0].slice")]
    [InlineData("""{"must":[null]}""", "filter.must[0]")]
    [InlineData("""{"must":[3]}""", "filter.must[0]")]
    [InlineData("""{"must":3}""", "filter.must")]
    [InlineData("""{"must":[{"key":3}]}""", "filter.must[0].key")]
    [InlineData("""{"must":[{"should":[{"key":"a","values_count":{"gt":"x"}}]}]}""", "filter.must[0].should[0].values_count.gt")]
    [InlineData("""{"min_should":{"conditions":[{"kay":"a"}],"min_count":1}}""", "filter.min_should.conditions[0].kay")]
    public void What_is_not_of_the_language_is_refused_by_its_path(string filter, string field)
    {
        Problem problem = Should.Throw<RetrievalException>(() => RequestBody.ParseJson(System.Text.Encoding.UTF8.GetBytes("""{"query":"q","filter":""" + filter + "}"), WireJson.Strict.SearchRequest)).Problem;
        (problem.Kind, problem.Field).ShouldBe((ErrorKind.Invalid, field), problem.Detail);
    }

    private static bool Holds(string filter) => (FilterReader.Read(Parse(filter)) ?? new Always(true)).Holds(FilterPlan.Element(Metadata), "doc");

    private static FilterPlan Plan(string json) => FilterReader.Read(Parse(json))!;

    private static Filter Parse(string json) => JsonSerializer.Deserialize(json, WireJson.Strict.Filter)!;
}

using System.Net;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Api;

public sealed class FilterTests(InProcessServer server) : IClassFixture<InProcessServer>
{
    private static readonly string[] Documents =
    [
        """{"id":"en-1","text":"A lamp on a table.","metadata":{"language":"en","year":2020,"draft":false,"tags":["light","home"],"author":{"name":"Ada"}}}""",
        """{"id":"en-2","text":"A lamp in a window.","metadata":{"language":"en","year":2021,"draft":true,"tags":["light"],"author":{"name":"Bob"}}}""",
        """{"id":"de-1","text":"A lamp from Germany.","metadata":{"language":"de","year":2020,"draft":false,"tags":[],"a.b":"dotted"}}""",
        """{"id":"bare","text":"A lamp without any metadata."}""",
    ];

    [Theory]
    [InlineData("""{"key":"language","match":{"value":"en"}}""", "en-1,en-2")]
    [InlineData("""{"key":"language","match":{"value":"EN"}}""", "")]
    [InlineData("""{"key":"year","match":{"value":2020}}""", "de-1,en-1")]
    [InlineData("""{"key":"year","match":{"value":"2020"}}""", "")]
    [InlineData("""{"key":"draft","match":{"value":false}}""", "de-1,en-1")]
    [InlineData("""{"key":"tags","match":{"value":"home"}}""", "en-1")]
    [InlineData("""{"key":"author.name","match":{"value":"Bob"}}""", "en-2")]
    [InlineData("""{"key":"\"a.b\"","match":{"value":"dotted"}}""", "de-1")]
    [InlineData("""{"key":"missing","match":{"value":"x"}}""", "")]
    [InlineData("""{"key":"language","match":{"value":"en"}},{"key":"draft","match":{"value":true}}""", "en-2")]
    [InlineData("", "bare,de-1,en-1,en-2")]
    [InlineData("""{"key":"year","range":{"gt":2020}}""", "en-2")]
    [InlineData("""{"key":"tags","values_count":{"gte":1}},{"must_not":{"key":"tags","match":{"any":["home","x"]}}}""", "en-2")]
    [InlineData("""{"should":[{"is_empty":{"key":"language"}},{"has_id":["en-1"]}]}""", "bare,en-1")]
    public async Task Every_condition_of_must_holds_in_every_mode(string conditions, string expected)
    {
        string collection = await server.Api.NewCollectionAsync();
        await server.Api.BulkAsync(collection, Documents);
        foreach (string mode in (string[])["dense", "lexical", "hybrid"])
        {
            Answer answer = (await server.Api.PostJsonAsync($"/v1/collections/{collection}/search", $$$"""{"query":"lamp","mode":"{{{mode}}}","filter":{"must":[{{{conditions}}}]}}""")).ShouldBe(HttpStatusCode.OK);
            string.Join(',', answer.Json.GetProperty("hits").EnumerateArray().Select(h => h.String("document")).Order(StringComparer.Ordinal)).ShouldBe(expected, mode);
        }
    }

    [Theory]
    [InlineData("""{"mustnot":[]}""", "filter.mustnot")]
    [InlineData("""{"must":[{"should":{"key":"a","match":{"valu":1}}}]}""", "filter.must[0].should.match.valu")]
    [InlineData("""{"must":[{"key":"a","range":{"gte":"yesterday"}}]}""", "filter.must[0].range.gte")]
    public async Task A_wrong_filter_is_refused_by_its_path_in_every_mode(string filter, string field)
    {
        string collection = await server.Api.NewCollectionAsync();
        foreach (string mode in (string[])["dense", "lexical", "hybrid"])
        {
            Answer answer = (await server.Api.PostJsonAsync($"/v1/collections/{collection}/search", """{"query":"lamp","mode":""" + $"\"{mode}\"" + ""","filter":""" + filter + "}")).ShouldBe(HttpStatusCode.BadRequest);
            answer.Json.String("field").ShouldBe(field);
        }
    }

    [Fact]
    public async Task A_filter_never_leaves_the_answer_short()
    {
        string collection = await server.Api.NewCollectionAsync();
        await server.Api.BulkAsync(collection, Enumerable.Range(0, 200).Select(i => $$$"""{"id":"d{{{i}}}","text":"A lamp number {{{i}}}.","metadata":{"rare":{{{(i % 50 == 49 ? "true" : "false")}}}}}"""));
        foreach (string mode in (string[])["dense", "lexical", "hybrid"])
        {
            JsonElement hits = (await server.Api.PostJsonAsync($"/v1/collections/{collection}/search", $$$"""{"query":"lamp number 3","top":4,"mode":"{{{mode}}}","filter":{"must":[{"key":"rare","match":{"value":true}}]}}""")).Json.GetProperty("hits");
            string.Join(',', hits.EnumerateArray().Select(h => h.String("document")).Order(StringComparer.Ordinal)).ShouldBe("d149,d199,d49,d99", mode);
            hits[0].GetProperty("metadata").GetRawText().ShouldBe("""{"rare":true}""");
        }
    }
}

using System.Net;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Api;

/// <summary>Names that clients are written against.</summary>
public sealed class WireTests(InProcessServer server) : IClassFixture<InProcessServer>
{
    private ApiClient Api => server.Api;

    [Fact]
    public async Task A_search_is_answered_by_hits_context_space_tier_and_time()
    {
        string collection = await Api.NewCollectionAsync();
        await Api.BulkAsync(collection, """{"id":"a","title":"Lamps","text":"A lamp.","metadata":{"n":1}}""", """{"id":"b","text":"A second lamp."}""");
        JsonElement answer = (await Api.PostJsonAsync($"/v1/collections/{collection}/search",
            """{"query":"lamp","top":10,"mode":"hybrid","filter":{"must":[]},"context":{"maxTokens":50}}""")).ShouldBe(HttpStatusCode.OK).Json;
        answer.Names().ShouldBe(["hits", "context", "space", "tier", "tookMs"]);
        Dictionary<string, JsonElement> hits = answer.GetProperty("hits").EnumerateArray().ToDictionary(h => h.String("document")!);
        hits["a"].Names().ShouldBe(["document", "chunk", "score", "title", "text", "start", "end", "metadata"]);
        hits["b"].Names().ShouldBe(["document", "chunk", "score", "text", "start", "end"]);
        answer.GetProperty("context").Names().ShouldBe(["text", "tokens", "citations", "ratio", "rungs", "skipped"]);
        answer.GetProperty("context").GetProperty("citations")[0].Names().ShouldBe(["n", "document", "chunk", "start", "end", "fragment"]);
        answer.String("space").ShouldBe((await Api.GetAsync($"/v1/collections/{collection}")).Json.String("space"));
        answer.GetProperty("tookMs").GetDouble().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_list_and_its_rows_have_no_other_fields()
    {
        string collection = await Api.NewCollectionAsync();
        await Api.BulkAsync(collection, """{"id":"a","title":"Lamps","text":"A lamp."}""", """{"id":"b","text":"A second lamp."}""");
        JsonElement list = (await Api.GetAsync($"/v1/collections/{collection}/documents?limit=1")).Json;
        list.Names().ShouldBe(["documents", "next"]);
        list.GetProperty("documents")[0].Names().ShouldBe(["id", "title", "status", "version", "chunks", "generation"]);
        (await Api.GetAsync("/v1/collections")).Json.Names().ShouldBe(["collections"]);
    }

    [Theory]
    [InlineData("PUT", "/v1/collections/{c}", """{"chunkng":{}}""", "chunkng", "encoder, chunking, codec, index")]
    [InlineData("PUT", "/v1/collections/{c}", """{"chunking":{"tokens":50}}""", "chunking.tokens", "maxTokens, chunker, overlap")]
    [InlineData("PUT", "/v1/collections/{c}/documents/a", """{"text":"A.","tags":[]}""", "tags", "id, title, text, url, metadata, version")]
    [InlineData("PUT", "/v1/collections/{c}/documents/a", """{"Text":"A."}""", "Text", "id, title, text, url, metadata, version")]
    [InlineData("POST", "/v1/collections/{c}/search", """{"query":"a","limit":3}""", "limit", "query, top, mode, filter, context, tier")]
    [InlineData("POST", "/v1/collections/{c}/search", """{"query":"a","context":{"max":3}}""", "context.max", "maxTokens, tokenizer, protect, prune")]
    [InlineData("POST", "/v1/collections/{c}/search", """{"query":"a","filter":{"shuold":[]}}""", "filter.shuold", "must, should, must_not, min_should")]
    [InlineData("POST", "/v1/collections/{c}/search", """{"query":"a","filter":{"must":[{"key":"k","rnge":{}}]}}""", "filter.must[0].rnge", "key, match, range, geo_radius, geo_bounding_box, geo_polygon, values_count, is_empty, is_null, has_id, has_vector, nested, must, should, must_not, min_should")]
    [InlineData("POST", "/v1/collections/{c}/search", """{"query":"a","filter":{"must":[{"key":"k","match":{"anny":[]}}]}}""", "filter.must[0].match.anny", "value, any, except, text, text_any, phrase, prefix")]
    public async Task An_unknown_field_is_an_error_that_names_it_and_those_that_are_known(string method, string path, string body, string field, string known)
    {
        string collection = await Api.NewCollectionAsync();
        using StringContent content = ApiClient.Json(body);
        JsonElement problem = (await Api.SendAsync(new HttpMethod(method), path.Replace("{c}", collection, StringComparison.Ordinal), content)).ShouldBeProblem(400, "Invalid", field);
        problem.String("limit").ShouldBe(known);
        problem.String("detail")!.ShouldContain($"'{field.Split('.')[^1]}'");
        (await Api.GetAsync($"/v1/collections/{collection}")).Json.Int("seq").ShouldBe(0);
    }
}

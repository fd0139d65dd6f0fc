using System.Net;
using System.Text;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Input;

/// <summary>A server that takes small documents.</summary>
public sealed class SmallServer : InProcessServer
{
    public const int Limit = 4096;

    protected override IEnumerable<KeyValuePair<string, string?>> More => [new("Gateway:MaxDocumentBytes", $"{Limit}")];
}

/// <summary>Each is answered by one error that names value, limit and way out; nothing is half-written, and the next request works.</summary>
public sealed class BadBodyTests(SmallServer server) : IClassFixture<SmallServer>
{
    private ApiClient Api => server.Api;

    [Theory]
    [InlineData("text/plain", "")]
    [InlineData("text/plain", " \n\t ")]
    [InlineData("text/markdown", "\uFEFF")]
    [InlineData("application/json", """{"text":""}""")]
    [InlineData("application/json", """{"title":"Only a title"}""")]
    [InlineData("application/json", """{"text":null}""")]
    public async Task An_empty_document(string mediaType, string body) =>
        (await RefusedAsync(Content(Encoding.UTF8.GetBytes(body), mediaType), 400, "Invalid", "text")).String("limit").ShouldBe("at least one visible character");

    [Theory]
    [InlineData("", "The body is empty.")]
    [InlineData("null", "The body is null.")]
    public async Task A_JSON_body_without_an_object(string body, string detail) =>
        (await RefusedAsync(Content(Encoding.UTF8.GetBytes(body), "application/json"), 400, "Invalid", "body")).String("detail").ShouldBe(detail);

    [Fact]
    public async Task A_body_above_the_limit_with_its_length_said()
    {
        JsonElement problem = await RefusedAsync(Content(Big(SmallServer.Limit + 1), "text/plain"), 413, "TooLarge", "body");
        (problem.String("value"), problem.String("limit")).ShouldBe(($"{SmallServer.Limit + 1}", $"{SmallServer.Limit} bytes"));
        problem.String("help")!.ShouldContain("Gateway:MaxDocumentBytes");
    }

    [Fact]
    public async Task A_body_above_the_limit_in_chunks() => await RefusedAsync(new TrickleContent(Big(3 * SmallServer.Limit), 1000, "text/plain"), 413, "TooLarge", "body");

    [Fact]
    public async Task A_body_of_exactly_the_limit_is_taken()
    {
        string collection = await Api.NewCollectionAsync();
        using ByteArrayContent content = Content(Big(SmallServer.Limit), "text/plain");
        (await Api.SendAsync(HttpMethod.Put, $"/v1/collections/{collection}/documents/a?wait=true", content)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_bulk_line_above_the_limit_fails_alone()
    {
        string collection = await Api.NewCollectionAsync();
        JsonElement[] verdicts = (await Api.BulkAsync(collection, """{"id":"a","text":"One."}""", $$"""{"id":"b","text":"{{new string('x', 3 * SmallServer.Limit)}}"}""", """{"id":"c","text":"Three."}""")).ShouldBe(HttpStatusCode.OK).Lines;
        verdicts.Select(v => v.String("status")).ShouldBe(["indexed", "failed", "indexed"]);
        verdicts[1].String("error")!.ShouldContain($"{SmallServer.Limit}");
    }

    [Fact]
    public async Task A_search_body_above_the_limit()
    {
        string collection = await Api.NewCollectionAsync();
        (await Api.SearchAsync(collection, new { query = new string('a', SmallServer.Limit) })).ShouldBeProblem(413, "TooLarge", "body");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("text/markdown")]
    public async Task Text_that_is_no_UTF_8(string mediaType)
    {
        JsonElement problem = await RefusedAsync(Content([.. "Stra"u8, 0xDF, .. "e"u8], mediaType), 400, "Invalid", "body");
        (problem.String("value"), problem.String("limit"), problem.String("detail")!.Contains("position 4", StringComparison.Ordinal)).ShouldBe(("0xDF", "UTF-8", true));
        problem.String("help")!.ShouldContain("iconv");
    }

    [Fact]
    public async Task JSON_that_is_no_UTF_8() =>
        (await RefusedAsync(Content([.. "{\"text\":\"Stra"u8, 0xDF, .. "e\"}"u8], "application/json"), 400, "Invalid", "body")).String("detail")!.ShouldContain("UTF-8");

    [Fact]
    public async Task Half_a_surrogate_pair() =>
        (await RefusedAsync(Content("""{"text":"half \ud83c leaf"}"""u8.ToArray(), "application/json"), 400, "Invalid", "body")).String("detail")!.ShouldContain("surrogate");

    [Theory]
    [InlineData("""{"text":5}""", "text", "a string")]
    [InlineData("""{"text":["a"]}""", "text", "a string")]
    [InlineData("""{"text":"A.","metadata":[1]}""", "metadata", "an object")]
    [InlineData("""{"text":"A.","version":"two"}""", "version", "an integer of 64 bits")]
    [InlineData("""{"text":"A.","version":1.5}""", "version", "an integer of 64 bits")]
    [InlineData("""{"text":"A.","version":99999999999999999999}""", "version", "an integer of 64 bits")]
    [InlineData("[]", "body", "an object with id, title, text, url, metadata, version")]
    [InlineData("\"text\"", "body", "an object with id, title, text, url, metadata, version")]
    public async Task JSON_of_the_wrong_shape_says_where_and_what_should_be_there(string body, string field, string expected) =>
        (await RefusedAsync(Content(Encoding.UTF8.GetBytes(body), "application/json"), 400, "Invalid", field)).String("limit").ShouldBe(expected);

    [Theory]
    [InlineData("{\"text\":\"A.\"")]
    [InlineData("{\"text\":\"A.\",}")]
    [InlineData("{'text':'A.'}")]
    [InlineData("{\"text\":\"A.\"} {\"text\":\"B.\"}")]
    [InlineData("text=A.")]
    public async Task JSON_that_breaks_off_says_where(string body) =>
        (await RefusedAsync(Content(Encoding.UTF8.GetBytes(body), "application/json"), 400, "Invalid", null)).String("detail")!.ShouldContain("line 1, byte");

    [Fact]
    public async Task JSON_nested_without_end() =>
        await RefusedAsync(Content(Encoding.UTF8.GetBytes("{\"text\":\"A.\",\"metadata\":{\"a\":" + new string('[', 1000)), "application/json"), 400, "Invalid", null);

    [Theory]
    [InlineData("image/png", 415)]
    [InlineData("application/zip", 415)]
    [InlineData("text/plain; charset=klingon", 400)]
    public async Task A_media_type_that_is_not_read(string mediaType, int status)
    {
        JsonElement problem = await RefusedAsync(Content("A."u8.ToArray(), mediaType), status, "Invalid", "Content-Type");
        (problem.String("limit") + problem.String("help")).ShouldContain(status == 415 ? "text/markdown" : "utf-8");
    }

    [Fact]
    public async Task No_media_type_at_all()
    {
        using ByteArrayContent content = new("A."u8.ToArray());
        string collection = await Api.NewCollectionAsync();
        (await Api.SendAsync(HttpMethod.Put, $"/v1/collections/{collection}/documents/a", content)).ShouldBeProblem(400, "Invalid", "Content-Type").String("limit")!.ShouldContain("text/plain");
    }

    [Theory]
    [InlineData("""{"id":"b","text":"A."}""", "id")]
    [InlineData("""{"text":"A.","version":0}""", "version")]
    [InlineData("""{"text":"A.","version":-1}""", "version")]
    public async Task Fields_that_contradict_the_rules(string body, string field) => await RefusedAsync(Content(Encoding.UTF8.GetBytes(body), "application/json"), 400, "Invalid", field);

    [Theory]
    [InlineData("%20%0A", "control")]
    [InlineData("", "no id")]
    public async Task An_id_that_is_none(string id, string detail)
    {
        string collection = await Api.NewCollectionAsync();
        (await Api.PutTextAsync($"/v1/collections/{collection}/documents/{id}", "A.")).ShouldBeProblem(400, "Invalid", "id").String("detail")!.ShouldContain(detail);
    }

    [Fact]
    public async Task An_id_that_is_too_long()
    {
        string collection = await Api.NewCollectionAsync();
        (await Api.PutTextAsync($"/v1/collections/{collection}/documents/{new string('a', 513)}", "A.")).ShouldBeProblem(400, "Invalid", "id").String("detail")!.ShouldContain("513");
        (await Api.PutTextAsync($"/v1/collections/{collection}/documents/{new string('a', 512)}", "A.")).ShouldBe(HttpStatusCode.Accepted);
    }

    [Theory]
    [InlineData("wait=maybe", "wait")]
    [InlineData("version=two", "version")]
    public async Task A_query_parameter_of_the_wrong_kind(string query, string field)
    {
        string collection = await Api.NewCollectionAsync();
        (await Api.PutTextAsync($"/v1/collections/{collection}/documents/a?{query}", "A.")).ShouldBeProblem(400, "Invalid", field);
        (await Api.GetAsync($"/v1/collections/{collection}/documents/a")).ShouldBeProblem(404, "NotFound");
    }

    [Fact]
    public async Task An_unknown_collection() =>
        (await Api.PutTextAsync("/v1/collections/none/documents/a", "A.")).ShouldBeProblem(404, "NotFound", "collection").String("help")!.ShouldContain("PUT /v1/collections/none");

    /// <summary>Sends a document that must be refused, and looks that nothing of it stayed and that the server goes on.</summary>
    private async Task<JsonElement> RefusedAsync(HttpContent content, int status, string kind, string? field)
    {
        string collection = await Api.NewCollectionAsync(), path = $"/v1/collections/{collection}/documents/a";
        using (content)
        {
            JsonElement problem = (await Api.SendAsync(HttpMethod.Put, $"{path}?wait=true", content)).ShouldBeProblem(status, kind, field);
            (await Api.GetAsync(path)).ShouldBeProblem(404, "NotFound");
            JsonElement left = (await Api.GetAsync($"/v1/collections/{collection}")).Json;
            (left.Int("seq"), left.Int("openJobs"), left.Int("documents")).ShouldBe((0, 0, 0));
            (await Api.PutTextAsync($"{path}?wait=true", "A good one.")).ShouldBe(HttpStatusCode.OK).Json.Int("version").ShouldBe(1);
            return problem;
        }
    }

    private static ByteArrayContent Content(byte[] body, string mediaType)
    {
        ByteArrayContent content = new(body);
        content.Headers.TryAddWithoutValidation("Content-Type", mediaType);
        return content;
    }

    private static byte[] Big(int bytes) => [.. Enumerable.Range(0, bytes).Select(i => i % 6 == 5 ? (byte)' ' : (byte)('a' + (i % 5)))];
}

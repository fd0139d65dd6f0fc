using System.Net;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Api;

public sealed class DocumentTests(InProcessServer server) : IClassFixture<InProcessServer>
{
    private static readonly string[] StatusNames = ["id", "collection", "job", "statusUrl", "status", "version", "chunks", "reused", "generation", "attempts", "timeline"];

    private ApiClient Api => server.Api;

    [Fact]
    public async Task A_document_is_accepted_with_a_status_url_that_tells_its_way_to_indexed()
    {
        string collection = await Api.NewCollectionAsync();
        Answer accepted = (await Api.PutJsonAsync($"/v1/collections/{collection}/documents/a", """{"id":"a","title":"T","text":"A lamp.","url":"https://example.org/a","metadata":{"n":1,"tags":["x"]}}""")).ShouldBe(HttpStatusCode.Accepted);
        accepted.Json.Names().ShouldBe(StatusNames);
        accepted.Json.String("status").ShouldBe("accepted");
        accepted.Location!.OriginalString.ShouldBe(accepted.Json.String("statusUrl"));

        JsonElement done = await FinishedAsync(accepted.Location.OriginalString);
        done.Names().ShouldBe(StatusNames);
        (done.String("id"), done.String("collection"), done.String("status"), done.Int("version"), done.Int("chunks"), done.Int("generation"), done.Int("attempts"))
            .ShouldBe(("a", collection, "indexed", 1, 1, 1, 1));
        done.GetProperty("timeline").EnumerateArray().Select(s => s.String("step")).ShouldBe(["accepted", "processing", "read", "chunked", "encoded", "stored", "indexed"]);
        done.GetProperty("timeline").EnumerateArray().ShouldAllBe(s => s.Names().All(n => n == "step" || n == "at" || n == "note" || n == "milliseconds"));
    }

    [Fact]
    public async Task What_GET_returns_is_what_was_sent()
    {
        string collection = await Api.NewCollectionAsync();
        const string Metadata = """{"n":1,"deep":{"x":[true,null,1.5]},"tags":["x","y"]}""";
        (await Api.PutJsonAsync($"/v1/collections/{collection}/documents/a?wait=true", $$"""{"title":"T & \"t\"","text":"Ein Blatt 🍃 fällt.","url":"https://example.org/a","metadata":{{Metadata}},"version":7}""")).ShouldBe(HttpStatusCode.OK);
        JsonElement document = (await Api.GetAsync($"/v1/collections/{collection}/documents/a")).ShouldBe(HttpStatusCode.OK).Json;
        document.Names().ShouldBe(["id", "title", "text", "url", "metadata", "version", "status", "chunks", "generation"]);
        (document.String("id"), document.String("title"), document.String("text"), document.String("url"), document.Int("version"), document.String("status"))
            .ShouldBe(("a", "T & \"t\"", "Ein Blatt 🍃 fällt.", "https://example.org/a", 7, "indexed"));
        document.GetProperty("metadata").GetRawText().ShouldBe(Metadata);
    }

    [Theory]
    [InlineData("text/plain", "# Not a heading\n\nPlain words.", null)]
    [InlineData("text/plain; charset=utf-8", "Plain words.", null)]
    [InlineData("text/markdown", "# The *heading*\n\nWords below it.", "The heading")]
    public async Task A_raw_text_is_kept_as_it_was_sent_and_Markdown_gives_its_first_heading_as_title(string mediaType, string text, string? title)
    {
        string collection = await Api.NewCollectionAsync();
        using ByteArrayContent content = new(System.Text.Encoding.UTF8.GetBytes(text));
        content.Headers.TryAddWithoutValidation("Content-Type", mediaType);
        (await Api.SendAsync(HttpMethod.Put, $"/v1/collections/{collection}/documents/raw?wait=true", content)).ShouldBe(HttpStatusCode.OK).Json.String("status").ShouldBe("indexed");
        JsonElement document = (await Api.GetAsync($"/v1/collections/{collection}/documents/raw")).Json;
        document.String("text").ShouldBe(text);
        document.String("title").ShouldBe(title);
    }

    [Fact]
    public async Task Title_url_and_version_of_a_raw_text_are_query_parameters()
    {
        string collection = await Api.NewCollectionAsync();
        (await Api.PutTextAsync($"/v1/collections/{collection}/documents/raw?wait=true&title=A%20title&url=https%3A%2F%2Fexample.org&version=5", "Words.")).ShouldBe(HttpStatusCode.OK);
        JsonElement document = (await Api.GetAsync($"/v1/collections/{collection}/documents/raw")).Json;
        (document.String("title"), document.String("url"), document.Int("version")).ShouldBe(("A title", "https://example.org", 5));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("a/b/c.md")]
    [InlineData("/leading/and/trailing/")]
    [InlineData("spaces and + and %")]
    [InlineData("ünïcödé/文書/🍃")]
    [InlineData("q?x=1&y#z")]
    [InlineData("..//./x")]
    [InlineData("documents/documents")]
    public async Task Any_printable_id_works_in_every_route(string id)
    {
        string collection = await Api.NewCollectionAsync(), path = $"/v1/collections/{collection}/documents/{Uri.EscapeDataString(id)}";
        (await Api.PutTextAsync($"{path}?wait=true", "A lamp.")).ShouldBe(HttpStatusCode.OK).Json.String("id").ShouldBe(id);
        (await Api.GetAsync(path)).ShouldBe(HttpStatusCode.OK).Json.String("id").ShouldBe(id);
        (await Api.GetAsync($"/v1/collections/{collection}/documents")).Json.GetProperty("documents")[0].String("id").ShouldBe(id);
        (await Api.SearchAsync(collection, new { query = "lamp" })).Json.GetProperty("hits")[0].String("document").ShouldBe(id);
        (await Api.DeleteAsync($"{path}?wait=true")).ShouldBe(HttpStatusCode.OK).Json.String("status").ShouldBe("deleted");
        (await Api.GetAsync(path)).ShouldBeProblem(404, "NotFound", "id");
    }

    [Fact]
    public async Task A_slash_in_a_path_is_the_same_id_escaped_or_not()
    {
        string collection = await Api.NewCollectionAsync();
        (await Api.PutTextAsync($"/v1/collections/{collection}/documents/a/b?wait=true", "One.")).Json.String("id").ShouldBe("a/b");
        (await Api.GetAsync($"/v1/collections/{collection}/documents/a%2Fb")).Json.String("text").ShouldBe("One.");
    }

    [Fact]
    public async Task A_list_is_paged_by_id_without_gap_or_repetition()
    {
        string collection = await Api.NewCollectionAsync();
        string[] ids = [.. Enumerable.Range(0, 25).Select(i => $"d{i:00}")];
        await Api.BulkAsync(collection, ids.Reverse().Select(id => $$"""{"id":"{{id}}","text":"Text {{id}}."}"""));
        List<string> seen = [];
        string? after = null;
        for (int page = 0; page < 10; page++)
        {
            JsonElement list = (await Api.GetAsync($"/v1/collections/{collection}/documents?limit=10{(after is null ? "" : $"&after={after}")}")).ShouldBe(HttpStatusCode.OK).Json;
            seen.AddRange(list.GetProperty("documents").EnumerateArray().Select(d => d.String("id")!));
            after = list.String("next");
            if (after is null)
            {
                list.Names().ShouldBe(["documents"]);
                break;
            }
        }
        seen.ShouldBe(ids);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=ten", "limit")]
    public async Task A_page_size_out_of_range_is_refused(string query, string field)
    {
        string collection = await Api.NewCollectionAsync();
        (await Api.GetAsync($"/v1/collections/{collection}/documents?{query}")).ShouldBeProblem(400, "Invalid", field);
    }

    [Fact]
    public async Task A_new_version_replaces_the_old_one_in_text_and_search()
    {
        string collection = await Api.NewCollectionAsync(), path = $"/v1/collections/{collection}/documents/a?wait=true";
        await Api.PutTextAsync(path, "The old word is zebrafish.");
        JsonElement second = (await Api.PutTextAsync(path, "The new word is quokka.")).Json;
        (second.Int("version"), second.Int("generation")).ShouldBe((2, 2));
        (await Api.SearchAsync(collection, new { query = "zebrafish", mode = "lexical" })).Json.GetProperty("hits").GetArrayLength().ShouldBe(0);
        (await Api.SearchAsync(collection, new { query = "quokka", mode = "lexical" })).Json.GetProperty("hits").GetArrayLength().ShouldBe(1);
        (await Api.SearchAsync(collection, new { query = "zebrafish", mode = "dense", top = 100 })).Json.GetProperty("hits").GetArrayLength().ShouldBe(1);
        (await Api.GetAsync($"/v1/collections/{collection}")).Json.Int("chunks").ShouldBe(1);
    }

    [Fact]
    public async Task A_version_that_is_not_newer_is_superseded_and_changes_nothing()
    {
        string collection = await Api.NewCollectionAsync(), path = $"/v1/collections/{collection}/documents/a?wait=true";
        await Api.PutJsonAsync(path, """{"text":"Version five.","version":5}""");
        foreach (int version in (int[])[5, 4])
        {
            JsonElement late = (await Api.PutJsonAsync(path, $$"""{"text":"Too late.","version":{{version}}}""")).ShouldBe(HttpStatusCode.OK).Json;
            late.String("status").ShouldBe("superseded");
            late.String("error")!.ShouldContain("5");
        }
        (await Api.PutJsonAsync(path, """{"text":"Version six."}""")).Json.Int("version").ShouldBe(6);
        (await Api.GetAsync($"/v1/collections/{collection}/documents/a")).Json.String("text").ShouldBe("Version six.");
    }

    [Fact]
    public async Task A_deleted_document_is_gone_from_list_and_search_and_may_come_back()
    {
        string collection = await Api.NewCollectionAsync(), path = $"/v1/collections/{collection}/documents/a";
        await Api.PutTextAsync($"{path}?wait=true", "A quokka.");
        Answer accepted = (await Api.DeleteAsync(path)).ShouldBe(HttpStatusCode.Accepted);
        (await FinishedAsync(accepted.Location!.OriginalString)).String("status").ShouldBe("deleted");
        (await Api.GetAsync($"/v1/collections/{collection}/documents")).Json.GetProperty("documents").GetArrayLength().ShouldBe(0);
        (await Api.SearchAsync(collection, new { query = "quokka" })).Json.GetProperty("hits").GetArrayLength().ShouldBe(0);
        (await Api.DeleteAsync(path)).ShouldBeProblem(404, "NotFound", "id");
        (await Api.PutTextAsync($"{path}?wait=true", "A quokka again.")).Json.String("status").ShouldBe("indexed");
        (await Api.SearchAsync(collection, new { query = "quokka" })).Json.GetProperty("hits").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task A_job_that_nobody_accepted_is_not_found() =>
        (await Api.GetAsync($"/v1/jobs/{Guid.CreateVersion7()}")).ShouldBeProblem(404, "NotFound", "job");

    private async Task<JsonElement> FinishedAsync(string statusUrl)
    {
        for (int i = 0; i < 600; i++, await Task.Delay(50))
        {
            JsonElement status = (await Api.GetAsync(statusUrl)).ShouldBe(HttpStatusCode.OK).Json;
            if (status.String("status") is not ("accepted" or "processing"))
            {
                return status;
            }
        }
        throw new TimeoutException($"{statusUrl} did not finish.");
    }
}

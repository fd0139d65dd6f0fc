using System.Net;
using System.Text;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Api;

public sealed class BulkTests(InProcessServer server) : IClassFixture<InProcessServer>
{
    private ApiClient Api => server.Api;

    [Fact]
    public async Task Verdicts_come_in_the_order_of_the_lines_and_a_bad_line_fails_alone()
    {
        string collection = await Api.NewCollectionAsync();
        Answer answer = (await Api.BulkAsync(collection,
            """{"id":"a","text":"One."}""",
            "no json",
            """{"id":"b","text":"  "}""",
            "",
            """{"id":"c","text":"Three.","colour":"red"}""",
            """{"text":"Nobody."}""",
            "null",
            "[]",
            """{"id":"d","text":4}""",
            """{"id":"e","title":"E","text":"Five.","url":"https://example.org","metadata":{"n":5},"version":3}""")).ShouldBe(HttpStatusCode.OK);
        answer.MediaType.ShouldBe("application/x-ndjson");
        answer.Lines.Select(l => (l.String("id"), l.String("status"))).ShouldBe(
            [("a", "indexed"), (null, "failed"), ("b", "failed"), ("c", "failed"), (null, "failed"), (null, "failed"), (null, "failed"), ("d", "failed"), ("e", "indexed")]);
        answer.Lines.Where(l => l.String("status") == "indexed").ShouldAllBe(l => l.Names().SequenceEqual(new[] { "id", "status" }));
        answer.Lines.Where(l => l.String("status") == "failed").ShouldAllBe(l => l.String("error")!.Length > 10);
        answer.Lines[3].String("error")!.ShouldContain("'colour'");
        (await Api.GetAsync($"/v1/collections/{collection}/documents")).Json.GetProperty("documents").EnumerateArray().Select(d => d.String("id")).ShouldBe(["a", "e"]);
    }

    [Fact]
    public async Task Without_wait_each_line_is_accepted_and_indexed_later()
    {
        string collection = await Api.NewCollectionAsync();
        using StringContent body = ApiClient.Lines(Enumerable.Range(0, 20).Select(i => $$"""{"id":"d{{i}}","text":"Text {{i}}."}"""));
        Answer answer = (await Api.SendAsync(HttpMethod.Post, $"/v1/collections/{collection}/documents", body)).ShouldBe(HttpStatusCode.OK);
        answer.Lines.Select(l => (l.String("id"), l.String("status"))).ShouldBe(Enumerable.Range(0, 20).Select(i => ((string?)$"d{i}", (string?)"accepted")));
        for (int i = 0; i < 600 && (await Api.GetAsync($"/v1/collections/{collection}")).Json.Int("openJobs") > 0; i++)
        {
            await Task.Delay(50);
        }
        (await Api.GetAsync($"/v1/collections/{collection}")).Json.Int("documents").ShouldBe(20);
    }

    [Fact]
    public async Task A_body_in_chunks_with_any_line_ending_and_without_a_last_one_is_read_alike()
    {
        string collection = await Api.NewCollectionAsync();
        byte[] body = Encoding.UTF8.GetBytes("{\"id\":\"a\",\"text\":\"Größe 🍃\"}\r\n\r\n  {\"id\":\"b\",\"text\":\"Two.\"}\n{\"id\":\"c\",\"text\":\"Three.\"}");
        using TrickleContent content = new(body, 7);
        Answer answer = await Api.SendAsync(HttpMethod.Post, $"/v1/collections/{collection}/documents?wait=true", content);
        answer.Lines.Select(l => (l.String("id"), l.String("status"))).ShouldBe([("a", "indexed"), ("b", "indexed"), ("c", "indexed")]);
        (await Api.GetAsync($"/v1/collections/{collection}/documents/a")).Json.String("text").ShouldBe("Größe 🍃");
    }

    [Fact]
    public async Task The_last_of_several_lines_of_one_document_wins()
    {
        string collection = await Api.NewCollectionAsync();
        Answer answer = await Api.BulkAsync(collection, Enumerable.Range(0, 10).Select(i => $$"""{"id":"same","text":"Text {{i}}.","version":{{i + 1}}}"""));
        answer.Lines.ShouldAllBe(l => l.String("status") == "indexed" || l.String("status") == "superseded");
        answer.Lines[^1].String("status").ShouldBe("indexed");
        (await Api.GetAsync($"/v1/collections/{collection}/documents/same")).Json.String("text").ShouldBe("Text 9.");
        (await Api.GetAsync($"/v1/collections/{collection}")).Json.Int("chunks").ShouldBe(1);
    }

    [Fact]
    public async Task An_empty_body_has_no_verdicts()
    {
        string collection = await Api.NewCollectionAsync();
        (await Api.BulkAsync(collection, "")).ShouldBe(HttpStatusCode.OK).Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_unknown_collection_and_another_media_type_are_refused()
    {
        (await Api.BulkAsync("none", """{"id":"a","text":"One."}""")).ShouldBeProblem(404, "NotFound", "collection");
        string collection = await Api.NewCollectionAsync();
        JsonElement problem = (await Api.PostJsonAsync($"/v1/collections/{collection}/documents", """{"id":"a","text":"One."}""")).ShouldBeProblem(415, "Invalid", "Content-Type");
        problem.String("limit").ShouldBe("application/x-ndjson");
    }
}

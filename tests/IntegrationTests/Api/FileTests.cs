using System.Net;
using System.Text;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Api;

/// <summary>Files of all formats over the API.</summary>
public sealed class FileTests(InProcessServer server) : IClassFixture<InProcessServer>
{
    private ApiClient Api => server.Api;

    [Fact]
    public async Task A_file_is_read_and_GET_returns_the_text_that_offsets_point_into()
    {
        string collection = await Api.NewCollectionAsync();
        const string Page = "<html lang=en><title>Masts</title><nav>Menu</nav><main><h1>Masts</h1><p>A mast of <a href='/spruce'>spruce</a>.<h2>Stays</h2><p>Wire holds it.</main>";
        Answer put = await PutAsync(collection, "page", "text/html", Encoding.UTF8.GetBytes(Page), "&url=https%3A%2F%2Fexample.org%2Fa&metadata=%7B%22year%22%3A2020%7D");
        put.ShouldBe(HttpStatusCode.OK).Json.String("status").ShouldBe("indexed");
        JsonElement document = (await Api.GetAsync($"/v1/collections/{collection}/documents/page")).Json;
        document.String("text").ShouldBe("# Masts\n\nA mast of [spruce](https://example.org/spruce).\n\n## Stays\n\nWire holds it.");
        (document.String("title"), document.GetProperty("metadata").String("language"), document.GetProperty("metadata").String("mediaType"), document.GetProperty("metadata").Int("year")).ShouldBe(("Masts", "en", "text/html", 2020));
        JsonElement hit = (await Api.SearchAsync(collection, new { query = "What holds the mast?" })).ShouldBe(HttpStatusCode.OK).Json.GetProperty("hits")[0];
        document.String("text")![hit.Int("start")..hit.Int("end")].ShouldBe(hit.String("text"));
        hit.GetProperty("headings").EnumerateArray().Select(h => h.GetString()).ShouldContain("Masts");
    }

    [Theory]
    [InlineData("windows-1252", "text/plain; charset=windows-1252")]
    [InlineData("utf-16", "application/octet-stream")]
    [InlineData("windows-1252", "application/octet-stream")]
    public async Task A_text_of_another_charset_is_read_when_it_is_named_or_shows(string charset, string mediaType)
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        string collection = await Api.NewCollectionAsync();
        (await PutAsync(collection, "a.txt", mediaType, Encoding.GetEncoding(charset).GetBytes("Die Straße führt über die Brücke und weiter bis zur Mühle."))).ShouldBe(HttpStatusCode.OK).Json.String("status").ShouldBe("indexed");
        (await Api.GetAsync($"/v1/collections/{collection}/documents/a.txt")).Json.String("text").ShouldBe("Die Straße führt über die Brücke und weiter bis zur Mühle.");
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_fails_at_once_with_its_reason()
    {
        string collection = await Api.NewCollectionAsync();
        JsonElement status = (await PutAsync(collection, "a.pdf", "application/pdf", "no pdf at all"u8.ToArray())).Json;
        (status.String("status"), status.Int("attempts")).ShouldBe(("failed", 1));
        status.String("error")!.ShouldContain("%PDF");
        (await PutAsync(collection, "b", "application/pdf", [])).ShouldBeProblem(400, "Invalid", "body");
    }

    [Theory]
    [InlineData("""{"chunking":{"chunker":"fancy"}}""", "chunking.chunker")]
    [InlineData("""{"chunking":{"overlap":-1}}""", "chunking.overlap")]
    [InlineData("""{"chunking":{"maxTokens":64,"overlap":33}}""", "chunking.overlap")]
    [InlineData("""{"chunking":{"maxTokens":1}}""", "chunking.maxTokens")]
    [InlineData("""{"chunking":{"size":1}}""", "chunking.size")]
    public async Task Chunking_that_is_not_possible_is_refused(string body, string field) => (await Api.PutJsonAsync("/v1/collections/impossible", body)).ShouldBeProblem(400, "Invalid", field);

    [Fact]
    public async Task Every_chunker_indexes_a_document_and_a_document_of_one_chunk_is_found_the_same_with_late_chunking()
    {
        Dictionary<string, double> scores = [];
        foreach (string chunker in (string[])["sentence", "markdown", "tokens", "late"])
        {
            string collection = $"chunker-{chunker}";
            (await Api.PutJsonAsync($"/v1/collections/{collection}", $$$"""{"chunking":{"chunker":"{{{chunker}}}","maxTokens":48,"overlap":8}}""")).ShouldBe(HttpStatusCode.Created);
            string text = string.Join(' ', Enumerable.Range(0, 60).Select(i => $"Sentence {i} is about mast {i * 7}."));
            (await PutAsync(collection, "long", "text/plain", Encoding.UTF8.GetBytes(text))).Json.Int("chunks").ShouldBeGreaterThan(5, chunker);
            await PutAsync(collection, "short", "text/plain", "The wick is trimmed before it smokes."u8.ToArray());
            scores[chunker] = (await Api.SearchAsync(collection, new { query = "trimming a wick", mode = "dense", top = 1 })).Json.GetProperty("hits")[0].GetProperty("score").GetDouble();
        }
        scores.Values.Distinct().Count().ShouldBe(1);
    }

    private Task<Answer> PutAsync(string collection, string id, string mediaType, byte[] content, string more = "")
    {
        ByteArrayContent body = new(content);
        body.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(mediaType);
        return Api.SendAsync(HttpMethod.Put, $"/v1/collections/{collection}/documents/{id}?wait=true{more}", body);
    }
}

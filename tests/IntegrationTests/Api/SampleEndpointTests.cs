using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;
using Retrieval.Vectors;

namespace Retrieval.IntegrationTests.Api;

/// <summary>What measurements ask of a collection.</summary>
public sealed class SampleEndpointTests(EagerIndex server) : IClassFixture<EagerIndex>
{
    private const int Documents = 50;

    private async Task<string> CollectionAsync()
    {
        string name = await server.Api.NewCollectionAsync();
        await server.Api.BulkAsync(name, Enumerable.Range(0, Documents).Select(i => $$"""{"id":"d{{i}}","title":{{(i % 3 == 0 ? $"\"House {i}\"" : "null")}},"text":"The lamp number {{i}} stands in house {{i * 7 % 13}}. It is never lit."}"""));
        return name;
    }

    [Fact]
    public async Task Vectors_come_as_an_array_file_all_of_them_or_as_many_as_asked()
    {
        string name = await CollectionAsync();
        HashSet<string> stored = [.. (await server.Api.GetAsync($"/v1/collections/{name}/snapshot")).Lines.Where(l => l.TryGetProperty("chunks", out _)).SelectMany(l => l.GetProperty("chunks").EnumerateArray()).Select(c => c.String("vector")!)];
        foreach ((string query, int rows) in ((string, int)[])[("", Documents), ("?sample=7&seed=3", 7), ("?sample=1000", Documents)])
        {
            using HttpResponseMessage response = await server.Api.Http.GetAsync($"/v1/collections/{name}/vectors{query}");
            response.Content.Headers.ContentDisposition!.FileName.ShouldBe($"{name}.npy");
            NpyFormat file = NpyFormat.Read(new MemoryStream(await response.Content.ReadAsByteArrayAsync()));
            (file.Rows, file.Dimensions).ShouldBe((rows, 384));
            string[] sent = [.. Enumerable.Range(0, rows).Select(r => Convert.ToBase64String(MemoryMarshal.AsBytes(file.Numbers.AsSpan(r * 384, 384))))];
            sent.ShouldBeUnique();
            sent.ShouldBeSubsetOf(stored);
        }
    }

    [Fact]
    public async Task Questions_are_titles_and_sentences_and_are_encoded_as_a_search_encodes_them()
    {
        string name = await CollectionAsync();
        JsonElement sample = (await server.Api.GetAsync($"/v1/collections/{name}/questions?sample=20&seed=5")).ShouldBe(HttpStatusCode.OK).Json;
        string[] questions = [.. sample.GetProperty("questions").EnumerateArray().Select(q => q.GetString()!)];
        questions.ShouldBeUnique();
        questions.Count(q => q.StartsWith("House ", StringComparison.Ordinal)).ShouldBe(sample.Int("titles"));
        questions.ShouldAllBe(q => q.StartsWith("House ", StringComparison.Ordinal) || q.StartsWith("The lamp", StringComparison.Ordinal) || q == "It is never lit.");
        (await server.Api.GetAsync($"/v1/collections/{name}/questions?sample=20&seed=5")).Text.ShouldBe(sample.GetRawText());

        JsonElement encoded = (await server.Api.PostJsonAsync($"/v1/collections/{name}/questions", JsonSerializer.Serialize(new { questions = (string[])[questions[0], "Which lamp is lit?"] }))).ShouldBe(HttpStatusCode.OK).Json;
        float[] vectors = MemoryMarshal.Cast<byte, float>(Convert.FromBase64String(encoded.String("float32")!)).ToArray();
        (encoded.Int("dimensions"), vectors.Length).ShouldBe((384, 2 * 384));
        encoded.String("space").ShouldBe((await server.Api.GetAsync($"/v1/collections/{name}")).Json.String("space"));
        JsonElement hit = (await server.Api.SearchAsync(name, new { query = "Which lamp is lit?", mode = "dense", top = 1 })).Json.GetProperty("hits")[0];
        using HttpResponseMessage response = await server.Api.Http.GetAsync($"/v1/collections/{name}/vectors");
        NpyFormat file = NpyFormat.Read(new MemoryStream(await response.Content.ReadAsByteArrayAsync()));
        Enumerable.Range(0, file.Rows).Max(r => Kernels.Dot(vectors.AsSpan(384), file.Numbers.AsSpan(r * 384, 384))).ShouldBe(hit.GetProperty("score").GetSingle(), 1e-5f);
    }

    [Theory]
    [InlineData("GET", "vectors?sample=0", null, 400, "Invalid", "sample")]
    [InlineData("GET", "vectors?sample=200001", null, 400, "Invalid", "sample")]
    [InlineData("GET", "vectors?seed=x", null, 400, "Invalid", "seed")]
    [InlineData("GET", "questions?sample=-1", null, 400, "Invalid", "sample")]
    [InlineData("POST", "questions", """{"questions":[]}""", 400, "Invalid", "questions")]
    [InlineData("POST", "questions", """{"questions":["a"," "]}""", 400, "Invalid", "questions[1]")]
    [InlineData("POST", "questions", """{"question":["a"]}""", 400, "Invalid", "question")]
    public async Task What_is_wrong_is_named(string method, string path, string? body, int status, string kind, string field)
    {
        string name = await server.Api.NewCollectionAsync();
        (await server.Api.SendAsync(new HttpMethod(method), $"/v1/collections/{name}/{path}", body is null ? null : ApiClient.Json(body))).ShouldBeProblem(status, kind, field);
    }

    [Theory]
    [InlineData("vectors")]
    [InlineData("questions")]
    public async Task A_collection_that_there_is_not_is_not_found_and_an_empty_one_has_none(string path)
    {
        (await server.Api.GetAsync($"/v1/collections/nobody/{path}")).ShouldBeProblem(404, "NotFound");
        (await server.Api.GetAsync($"/v1/collections/{await server.Api.NewCollectionAsync()}/{path}")).ShouldBe(HttpStatusCode.OK);
    }
}

using System.Net;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Api;

/// <summary>Three names for two vector spaces.</summary>
public sealed class ThreeModels : InProcessServer
{
    protected override IEnumerable<KeyValuePair<string, string?>> More =>
    [
        new("Encoder:Models:0:Path", Tests.Data.TestData.DefaultModel), new("Encoder:Models:0:Name", "first"),
        new("Encoder:Models:1:Path", Tests.Data.TestData.DefaultModel), new("Encoder:Models:1:Name", "second"),
        new("Encoder:Models:2:Path", Tests.Data.TestData.DefaultModel), new("Encoder:Models:2:Name", "short"), new("Encoder:Models:2:MaxTokens", "64"),
    ];
}

public sealed class CollectionTests(ThreeModels server) : IClassFixture<ThreeModels>
{
    private ApiClient Api => server.Api;

    [Fact]
    public async Task A_collection_is_created_described_listed_and_deleted()
    {
        JsonElement created = (await Api.PutAsync("/v1/collections/life")).ShouldBe(HttpStatusCode.Created).Json;
        created.Names().ShouldBe(["name", "encoder", "space", "dimensions", "chunking", "index", "documents", "chunks", "openJobs", "seq"]);
        (created.String("name"), created.String("encoder"), created.Int("dimensions")).ShouldBe(("life", "first", 384));

        (await Api.PutAsync("/v1/collections/life")).ShouldBe(HttpStatusCode.OK);
        (await Api.GetAsync("/v1/collections/life")).ShouldBe(HttpStatusCode.OK).Text.ShouldBe(created.GetRawText());
        (await Api.GetAsync("/v1/collections")).Json.GetProperty("collections").EnumerateArray().ShouldContain(c => c.String("name") == "life");
        (await Api.PutTextAsync("/v1/collections/life/documents/a?wait=true", "A document.")).ShouldBe(HttpStatusCode.OK);

        Answer deleted = (await Api.DeleteAsync("/v1/collections/life")).ShouldBe(HttpStatusCode.NoContent);
        deleted.Text.ShouldBeEmpty();
        (await Api.GetAsync("/v1/collections/life")).ShouldBeProblem(404, "NotFound", "collection");
        (await Api.DeleteAsync("/v1/collections/life")).ShouldBeProblem(404, "NotFound", "collection");
        (await Api.GetAsync("/v1/collections/life/documents/a")).ShouldBeProblem(404, "NotFound", "collection");
        (await Api.PutAsync("/v1/collections/life")).ShouldBe(HttpStatusCode.Created).Json.Int("documents").ShouldBe(0);
    }

    [Theory]
    [InlineData("{}", 256)]
    [InlineData("""{"chunking":{"maxTokens":32}}""", 32)]
    public async Task No_chunk_has_more_tokens_than_the_collection_allows(string input, int limit)
    {
        string collection = await Api.NewCollectionAsync(input);
        string text = string.Join(' ', Enumerable.Range(1, 60).Select(i => $"Sentence number {i} speaks of lamps and ladders."));
        JsonElement status = (await Api.PutTextAsync($"/v1/collections/{collection}/documents/long?wait=true", text)).ShouldBe(HttpStatusCode.OK).Json;

        JsonElement[] hits = [.. (await Api.SearchAsync(collection, new { query = "lamps", top = 1000, mode = "dense" })).Json.GetProperty("hits").EnumerateArray()];
        hits.Length.ShouldBe(status.Int("chunks"));
        hits.Length.ShouldBeGreaterThan(60 * 8 / limit);
        foreach (JsonElement hit in hits)
        {
            // A text over the limit is an error where truncation is not allowed: so the encoder itself counts here.
            (await Api.PostJsonAsync("/embed", JsonSerializer.Serialize(new { inputs = hit.String("text") }))).ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task Chunking_may_change_and_counts_for_what_arrives_afterwards()
    {
        string collection = await Api.NewCollectionAsync();
        string text = string.Join(' ', Enumerable.Range(1, 20).Select(i => $"Sentence number {i} speaks of lamps and ladders."));
        (await Api.PutTextAsync($"/v1/collections/{collection}/documents/before?wait=true", text)).Json.Int("chunks").ShouldBe(1);
        (await Api.PutJsonAsync($"/v1/collections/{collection}", """{"chunking":{"maxTokens":40}}""")).ShouldBe(HttpStatusCode.OK).Json.GetProperty("chunking").Int("maxTokens").ShouldBe(40);
        (await Api.PutTextAsync($"/v1/collections/{collection}/documents/after?wait=true", text)).Json.Int("chunks").ShouldBeGreaterThan(4);
        (await Api.GetAsync($"/v1/collections/{collection}/documents/before")).Json.Int("chunks").ShouldBe(1);
    }

    [Theory]
    [InlineData("""{"chunking":{"maxTokens":15}}""", "15")]
    [InlineData("""{"chunking":{"maxTokens":257}}""", "257")]
    public async Task Chunks_that_the_encoder_cannot_read_are_refused_with_the_limits(string input, string value)
    {
        JsonElement problem = (await Api.PutJsonAsync("/v1/collections/refused", input)).ShouldBeProblem(400, "Invalid", "chunking.maxTokens");
        (problem.String("value"), problem.String("limit")).ShouldBe((value, "16 to 256"));
        (await Api.GetAsync("/v1/collections/refused")).ShouldBeProblem(404, "NotFound");
    }

    [Fact]
    public async Task Another_encoder_for_a_collection_that_exists_is_a_conflict_that_names_both()
    {
        string collection = await Api.NewCollectionAsync("""{"encoder":"second"}""");
        JsonElement conflict = (await Api.PutJsonAsync($"/v1/collections/{collection}", """{"encoder":"short"}""")).ShouldBeProblem(409, "Conflict", "encoder");
        (conflict.String("value"), conflict.String("limit")).ShouldBe(("short", "second"));
        (await Api.GetAsync($"/v1/collections/{collection}")).Json.String("encoder").ShouldBe("second");
    }

    [Fact]
    public async Task An_encoder_that_is_not_served_is_refused_with_those_that_are()
    {
        JsonElement problem = (await Api.PutJsonAsync("/v1/collections/unserved", """{"encoder":"third"}""")).ShouldBeProblem(404, "NotFound");
        (problem.String("value"), problem.String("limit")).ShouldBe(("third", "first, second, short"));
        (await Api.GetAsync("/v1/collections/unserved")).ShouldBeProblem(404, "NotFound");
    }

    [Theory]
    [InlineData("-begins-with-a-dash")]
    [InlineData("has%20space")]
    [InlineData("%C3%A4")]
    public async Task A_name_that_no_path_could_hold_is_refused(string name) =>
        (await Api.PutAsync($"/v1/collections/{name}")).ShouldBeProblem(400, "Invalid", "collection").String("limit")!.ShouldContain("1 to 128 letters");
}

using System.Net;
using System.Text;
using System.Text.Json;
using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Api;

/// <summary>An index that writes files, trains codecs and builds graphs with few documents.</summary>
public sealed class EagerIndex : InProcessServer
{
    protected override IEnumerable<KeyValuePair<string, string?>> More => [new("Storage:Index:SealRows", "20"), new("Storage:Index:CodecRows", "40"), new("Storage:Index:GraphRows", "60")];
}

public sealed class CodecTests(EagerIndex server) : IClassFixture<EagerIndex>
{
    private static readonly string[] Documents = [.. Enumerable.Range(0, 100).Select(i => $$$"""{"id":"d{{{i}}}","text":"The {{{((string[])["lamp", "ladder", "river", "engine", "garden"])[i % 5]}}} number {{{i}}} stands in house {{{i * 7 % 13}}}.","metadata":{"n":{{{i}}}}}""")];

    [Fact]
    public async Task A_collection_with_a_codec_answers_as_one_without()
    {
        string plain = await server.Api.NewCollectionAsync(), coded = await server.Api.NewCollectionAsync("""{"codec":"int8"}""");
        (await server.Api.GetAsync($"/v1/collections/{coded}")).Json.String("codec").ShouldBe("int8");
        await server.Api.BulkAsync(plain, Documents);
        await server.Api.BulkAsync(coded, Documents);
        foreach (string? codec in (string?[])[null, "float16", "none"])
        {
            if (codec is not null)
            {
                (await server.Api.PutJsonAsync($"/v1/collections/{coded}", $$"""{"codec":"{{codec}}"}""")).ShouldBe(HttpStatusCode.OK).Json.Names().Contains("codec").ShouldBe(codec != "none");
            }
            for (int i = 0; i < 20; i++) // the files are written again meanwhile
            {
                string search = $$$"""{"query":"a lamp in house {{{i % 13}}}","mode":"dense","top":5,"filter":{"must":[{"key":"n","range":{"gte":{{{i * 4}}}}}]}}""";
                Hits(await server.Api.PostJsonAsync($"/v1/collections/{coded}/search", search)).ShouldBe(Hits(await server.Api.PostJsonAsync($"/v1/collections/{plain}/search", search)));
            }
        }
    }

    [Fact]
    public async Task A_collection_is_searched_by_lists_or_a_graph_when_it_asks_for_them_and_has_a_codec()
    {
        string plain = await server.Api.NewCollectionAsync(), coded = await server.Api.NewCollectionAsync("""{"codec":"pca4:64","index":"ivf"}""");
        (await server.Api.GetAsync($"/v1/collections/{coded}")).Json.String("index").ShouldBe("ivf");
        (await server.Api.GetAsync($"/v1/collections/{plain}")).Json.String("index").ShouldBe("auto");
        await server.Api.BulkAsync(plain, Documents);
        await server.Api.BulkAsync(coded, Documents);
        foreach (string kind in (string[])["ivf", "graph", "exact", "auto"])
        {
            (await server.Api.PutJsonAsync($"/v1/collections/{coded}", $$"""{"index":"{{kind}}"}""")).ShouldBe(HttpStatusCode.OK).Json.String("index").ShouldBe(kind);
            for (int i = 0; i < 10; i++) // lists and graphs are appended meanwhile
            {
                string search = $$$"""{"query":"a lamp in house {{{i % 13}}}","mode":"dense","top":30,"filter":{"must":[{"key":"n","range":{"gte":{{{i * 4}}}}}]}}""";
                Hits(await server.Api.PostJsonAsync($"/v1/collections/{coded}/search", search)).ShouldBe(Hits(await server.Api.PostJsonAsync($"/v1/collections/{plain}/search", search)));
            }
        }
        (await server.Api.PutJsonAsync($"/v1/collections/{plain}", """{"index":"graph"}""")).ShouldBeProblem(400, "Invalid", "index").GetProperty("value").GetString().ShouldBe("graph");
        (await server.Api.PutJsonAsync($"/v1/collections/{coded}", """{"index":"ivf"}""")).ShouldBe(HttpStatusCode.OK);
        (await server.Api.PutJsonAsync($"/v1/collections/{coded}", """{"codec":"none"}""")).ShouldBeProblem(400, "Invalid", "index");
        (await server.Api.PutJsonAsync($"/v1/collections/{coded}", """{"index":"tree"}""")).ShouldBeProblem(400, "Invalid", "index");
    }

    [Theory]
    [InlineData("int9")]
    [InlineData("pq")]
    [InlineData("pq:x")]
    [InlineData("pq:7")]
    [InlineData("int8:4")]
    public async Task A_codec_that_there_is_not_or_that_does_not_fit_is_refused_before_anything_changes(string codec)
    {
        string name = await server.Api.NewCollectionAsync("""{"codec":"int8"}""");
        (await server.Api.PutJsonAsync($"/v1/collections/{name}", $$"""{"codec":"{{codec}}"}""")).ShouldBeProblem(400, "Invalid", "codec").GetProperty("value").GetString().ShouldBe(codec);
        (await server.Api.GetAsync($"/v1/collections/{name}")).Json.String("codec").ShouldBe("int8");
    }

    [Fact]
    public async Task A_snapshot_becomes_a_collection_with_the_same_answers_and_a_damaged_one_becomes_nothing()
    {
        string source = await server.Api.NewCollectionAsync("""{"codec":"int8"}"""), copy = source + "copy";
        await server.Api.BulkAsync(source, Documents);
        string snapshot = (await server.Api.GetAsync($"/v1/collections/{source}/snapshot")).ShouldBe(HttpStatusCode.OK).Text;
        foreach (string damaged in (string[])["", snapshot[..(snapshot.Length / 2)], snapshot.Replace("number 7 ", "number 8 ", StringComparison.Ordinal), snapshot[(snapshot.IndexOf('\n', StringComparison.Ordinal) + 1)..]])
        {
            (await PutAsync(copy, damaged)).ShouldBeProblem(400, "Invalid", "body");
            (await server.Api.GetAsync($"/v1/collections/{copy}")).Status.ShouldBe(404);
        }
        JsonElement restored = (await PutAsync(copy, snapshot)).ShouldBe(HttpStatusCode.Created).Json;
        (restored.Int("documents"), restored.Int("chunks"), restored.String("codec")).ShouldBe((100, 100, "int8"));
        (await PutAsync(copy, snapshot)).ShouldBeProblem(409, "Conflict", "collection");
        foreach (string mode in (string[])["dense", "lexical", "hybrid"])
        {
            string search = $$"""{"query":"the engine in house 3","mode":"{{mode}}","top":7}""";
            // Words give many equal scores, and which of those comes first is for the order of the rows to say.
            Func<string, string> shown = mode == "dense" ? hits => hits : hits => string.Join(' ', hits.Split(' ').Select(h => h.Split(':')[1]));
            shown(Hits(await server.Api.PostJsonAsync($"/v1/collections/{copy}/search", search))).ShouldBe(shown(Hits(await server.Api.PostJsonAsync($"/v1/collections/{source}/search", search))), mode);
        }
        (await server.Api.PutTextAsync($"/v1/collections/{copy}/documents/d1?wait=true", "Another text.")).ShouldBe(HttpStatusCode.OK).Json.Int("version").ShouldBe(2);
    }

    [Fact]
    public async Task A_codec_trained_by_another_process_is_the_one_trained_here()
    {
        Random random = new(1);
        float[] sample = [.. Enumerable.Range(0, 400 * 16).Select(_ => random.NextSingle() - 0.5f)];
        using HttpClient client = new() { BaseAddress = server.Address };
        HttpCodecTrainer remote = new(client);
        (await remote.TrainAsync("pq:4", sample, 16, 7, default)).ShouldBe(await new LocalCodecTrainer().TrainAsync("pq:4", sample, 16, 7, default));
        (await Should.ThrowAsync<RetrievalException>(() => remote.TrainAsync("pq:5", sample, 16, 7, default))).Problem.ShouldSatisfyAllConditions(p => p.Kind.ShouldBe(ErrorKind.Invalid), p => p.Field.ShouldBe("codec"));
    }

    private static string Hits(Answer answer) => string.Join(' ', answer.ShouldBe(HttpStatusCode.OK).Json.GetProperty("hits").EnumerateArray().Select(h => $"{h.String("document")}:{h.GetProperty("score").GetDouble():0.00000}"));

    private async Task<Answer> PutAsync(string collection, string snapshot)
    {
        using StringContent body = new(snapshot, Encoding.UTF8, "application/x-ndjson");
        return await server.Api.SendAsync(HttpMethod.Put, $"/v1/collections/{collection}/snapshot", body);
    }
}

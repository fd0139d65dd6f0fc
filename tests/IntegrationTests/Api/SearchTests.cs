using System.Net;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;

namespace Retrieval.IntegrationTests.Api;

/// <summary>A server with the sample corpus, which its tests only read.</summary>
public sealed class SampleServer : InProcessServer
{
    internal IReadOnlyDictionary<string, string> Texts { get; private set; } = null!;

    internal Tokenizer Tokenizer { get; } = Tokenizer.Load(Path.Combine(TestData.DefaultModel, "tokenizer.json"));

    protected override async Task FillAsync()
    {
        string[] lines = await File.ReadAllLinesAsync(TestData.InRepository("infra", "sample", "documents.ndjson"));
        (await Api.PutAsync("/v1/collections/sample")).ShouldBe(HttpStatusCode.Created);
        (await Api.BulkAsync("sample", lines)).Lines.ShouldAllBe(l => l.String("status") == "indexed");
        Dictionary<string, string> texts = [];
        foreach (string id in lines.Select(l => JsonDocument.Parse(l).RootElement.String("id")!))
        {
            texts[id] = (await Api.GetAsync($"/v1/collections/sample/documents/{Uri.EscapeDataString(id)}")).Json.String("text")!;
        }
        Texts = texts;
    }
}

public sealed class SearchTests(SampleServer server) : IClassFixture<SampleServer>
{
    private static readonly string[] Questions = [.. File.ReadAllLines(TestData.InRepository("infra", "sample", "questions.txt"))];

    private ApiClient Api => server.Api;

    [Fact]
    public async Task A_search_that_says_nothing_else_is_hybrid_and_gives_ten_hits()
    {
        JsonElement answer = (await Api.PostJsonAsync("/v1/collections/sample/search", """{"query":"Who discovered oxygen?"}""")).ShouldBe(HttpStatusCode.OK).Json;
        answer.Names().ShouldBe(["hits", "space", "tier", "tookMs"]);
        answer.String("tier").ShouldBe("full");
        answer.GetProperty("hits").GetArrayLength().ShouldBe(10);
        answer.GetProperty("hits")[0].String("document")!.ShouldStartWith("Oxygen");
        JsonElement hybrid = (await Api.PostJsonAsync("/v1/collections/sample/search", """{"query":"Who discovered oxygen?","top":10,"mode":"hybrid"}""")).Json;
        hybrid.GetProperty("hits").GetRawText().ShouldBe(answer.GetProperty("hits").GetRawText());
    }

    [Theory]
    [InlineData("dense")]
    [InlineData("lexical")]
    [InlineData("hybrid")]
    public async Task Hits_are_best_first_each_once_and_point_into_the_text(string mode)
    {
        foreach (string question in Questions)
        {
            JsonElement[] hits = [.. (await Api.SearchAsync("sample", new { query = question, top = 20, mode })).Json.GetProperty("hits").EnumerateArray()];
            hits.Length.ShouldBeInRange(mode == "lexical" ? 1 : 20, 20);
            hits.Select(h => h.GetProperty("score").GetDouble()).ShouldBeInOrder(SortDirection.Descending);
            hits.Select(h => h.String("chunk")).ShouldBeUnique();
            foreach (JsonElement hit in hits)
            {
                server.Texts[hit.String("document")!][hit.Int("start")..hit.Int("end")].ShouldBe(hit.String("text"));
            }
        }
    }

    [Fact]
    public async Task A_smaller_top_is_the_beginning_of_a_larger_one()
    {
        foreach (string mode in (string[])["dense", "lexical", "hybrid"])
        {
            JsonElement[] twenty = await HitsAsync(new { query = Questions[0], top = 20, mode }), three = await HitsAsync(new { query = Questions[0], top = 3, mode });
            three.Select(h => h.String("chunk")).ShouldBe(twenty.Take(3).Select(h => h.String("chunk")));
        }
    }

    [Fact]
    public async Task Dense_finds_by_meaning_and_lexical_by_words()
    {
        (await HitsAsync(new { query = "air that we breathe was isolated by a chemist", top = 5, mode = "dense" })).ShouldContain(h => h.String("document")!.StartsWith("Oxygen"));
        (await HitsAsync(new { query = "Scheele", top = 5, mode = "lexical" })).ShouldAllBe(h => h.String("text")!.Contains("Scheele"));
        (await HitsAsync(new { query = "qwertzuiop", top = 5, mode = "lexical" })).ShouldBeEmpty();
    }

    [Fact]
    public async Task Asking_again_gives_the_same_answer()
    {
        string first = (await Api.SearchAsync("sample", new { query = Questions[1], context = new { maxTokens = 100 } })).Text;
        string second = (await Api.SearchAsync("sample", new { query = Questions[1], context = new { maxTokens = 100 } })).Text;
        Timeless.Of(second).ShouldBe(Timeless.Of(first));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(17)]
    [InlineData(60)]
    [InlineData(200)]
    [InlineData(1000)]
    public async Task A_context_never_exceeds_its_budget_and_every_citation_maps_back(int budget)
    {
        foreach (string question in Questions)
        {
            JsonElement answer = (await Api.SearchAsync("sample", new { query = question, top = 8, context = new { maxTokens = budget } })).ShouldBe(HttpStatusCode.OK).Json;
            JsonElement context = answer.GetProperty("context");
            string text = context.String("text")!;
            context.Int("tokens").ShouldBe(server.Tokenizer.Count(text));
            context.Int("tokens").ShouldBeLessThanOrEqualTo(budget);
            Rebuilt(context, answer).ShouldBe(text);
        }
    }

    [Fact]
    public async Task A_context_may_be_asked_for_with_more_hits_than_it_is_made_of()
    {
        JsonElement answer = (await Api.SearchAsync("sample", new { query = Questions[0], top = 120, mode = "dense", context = new { maxTokens = 100 } })).ShouldBe(HttpStatusCode.OK).Json;
        answer.GetProperty("hits").GetArrayLength().ShouldBe(120);
        Rebuilt(answer.GetProperty("context"), answer).ShouldBe(answer.GetProperty("context").String("text"));
    }

    /// <summary>The context put together from the citations and the documents' texts alone.</summary>
    private string Rebuilt(JsonElement context, JsonElement answer)
    {
        Dictionary<string, string> documentOf = answer.GetProperty("hits").EnumerateArray().ToDictionary(h => h.String("chunk")!, h => h.String("document")!);
        System.Text.StringBuilder text = new();
        string? before = null;
        int n = 0;
        foreach (JsonElement c in context.GetProperty("citations").EnumerateArray())
        {
            c.Names().ShouldBe(["n", "document", "chunk", "start", "end", "fragment"]);
            c.Int("n").ShouldBe(++n);
            c.String("document").ShouldBe(documentOf[c.String("chunk")!]);
            text.Append(before is null ? "" : before == c.String("chunk") ? " " : "\n").Append($"[{n}] ").Append(server.Texts[c.String("document")!][c.Int("start")..c.Int("end")]);
            before = c.String("chunk");
        }
        return text.ToString();
    }

    [Fact]
    public async Task A_context_without_a_number_has_two_hundred_tokens_at_most()
    {
        JsonElement context = (await Api.PostJsonAsync("/v1/collections/sample/search", """{"query":"Who discovered oxygen?","context":{}}""")).ShouldBe(HttpStatusCode.OK).Json.GetProperty("context");
        context.Names().ShouldBe(["text", "tokens", "citations", "ratio", "rungs", "partial"]);
        context.Int("tokens").ShouldBeInRange(100, 200);
    }

    [Theory]
    [InlineData("""{"query":""}""", "query")]
    [InlineData("""{"query":"  "}""", "query")]
    [InlineData("{}", "query")]
    [InlineData("""{"query":"a","top":0}""", "top")]
    [InlineData("""{"query":"a","top":1001}""", "top")]
    [InlineData("""{"query":"a","top":1.5}""", "top")]
    [InlineData("""{"query":"a","top":"5"}""", "top")]
    [InlineData("""{"query":"a","mode":"sparse"}""", "mode")]
    [InlineData("""{"query":"a","mode":1}""", "mode")]
    [InlineData("""{"query":"a","mode":99}""", "mode")]
    [InlineData("""{"query":"a","context":{"maxTokens":0}}""", "context.maxTokens")]
    [InlineData("""{"query":"a","context":{"maxTokens":32769}}""", "context.maxTokens")]
    [InlineData("""{"query":"a","context":5}""", "context")]
    [InlineData("""{"query":"a","filter":{"must":[{"match":{"value":1}}]}}""", "filter.must[0].key")]
    [InlineData("""{"query":"a","filter":{"must":[{"key":"k"}]}}""", "filter.must[0]")]
    [InlineData("""{"query":"a","filter":{"must":[{"key":"k","match":{"value":[1]}}]}}""", "filter.must[0].match.value")]
    [InlineData("""{"query":"a","filter":{"must":[{"key":"k","match":{"value":1.5}}]}}""", "filter.must[0].match.value")]
    [InlineData("""{"query":"a","filter":{"must":[null]}}""", "filter.must[0]")]
    [InlineData("""{"query":"a","filter":{"must":{"key":"k"}}}""", "filter.must[0]")]
    public async Task A_search_that_is_not_possible_says_which_field_and_what_is(string body, string field)
    {
        JsonElement problem = (await Api.PostJsonAsync("/v1/collections/sample/search", body)).ShouldBeProblem(400, "Invalid", field);
        (problem.String("limit") ?? problem.String("help")).ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task A_query_that_is_too_long_is_refused_with_the_limit()
    {
        JsonElement problem = (await Api.SearchAsync("sample", new { query = new string('a', 10_001) })).ShouldBeProblem(413, "TooLarge", "query");
        (problem.String("value"), problem.String("limit")).ShouldBe(("10001 characters", "10000 characters"));
    }

    [Fact]
    public async Task An_unknown_collection_is_not_found() =>
        (await Api.SearchAsync("none", new { query = "a" })).ShouldBeProblem(404, "NotFound", "collection").String("help")!.ShouldContain("PUT /v1/collections/none");

    private async Task<JsonElement[]> HitsAsync(object request) => [.. (await Api.SearchAsync("sample", request)).ShouldBe(HttpStatusCode.OK).Json.GetProperty("hits").EnumerateArray()];
}

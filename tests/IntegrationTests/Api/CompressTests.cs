using System.Net;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Api;

public sealed class CompressTests(InProcessServer server) : IClassFixture<InProcessServer>
{
    private const string Route = "/v1/compress";

    [Fact]
    public async Task Passages_without_a_collection_become_a_cited_context()
    {
        Answer answer = await server.Api.PostJsonAsync(Route, """
            {"query":"Which gas did Scheele discover?","maxTokens":14,"passages":["Rain fell over the old harbour all week. Nobody went out.",{"id":"gas","text":"Carl Scheele discovered oxygen. He lived in Uppsala and worked as an apothecary for many years."}]}
            """);
        JsonElement json = answer.ShouldBe(HttpStatusCode.OK).Json;
        json.String("text").ShouldBe("[1] Carl Scheele discovered oxygen.");
        JsonElement citation = json.GetProperty("citations")[0];
        (citation.Int("n"), citation.Int("passage"), citation.String("id"), citation.Int("start"), citation.Int("end")).ShouldBe((1, 1, "gas", 0, 31));
        json.GetProperty("rungs").EnumerateArray().Select(r => r.String("name")).ShouldBe(["passages", "duplicates", "sentences"]);
        json.GetProperty("kept")[0].Int("citation").ShouldBe(1);
    }

    [Theory]
    [InlineData("""{"passages":["a"],"maxTokens":0}""", "maxTokens")]
    [InlineData("""{"passages":["a"],"maxTokens":-5}""", "maxTokens")]
    [InlineData("""{"maxTokens":5}""", "passages")]
    [InlineData("""{"passages":["a"],"maxTokens":5,"query":" "}""", "query")]
    [InlineData("""{"passages":["a"],"maxTokens":5,"tokenizer":"nobody's"}""", "tokenizer")]
    public async Task What_cannot_be_compressed_is_refused_by_field(string body, string field) => (await server.Api.PostJsonAsync(Route, body)).ShouldBeProblem(400, "Invalid", field);

    [Theory]
    [InlineData("""{"passages":[5],"maxTokens":5}""")]
    [InlineData("""{"passages":[{"id":"a"}],"maxTokens":5}""")]
    [InlineData("""{"passages":[{"txt":"a"}],"maxTokens":5}""")]
    [InlineData("""{"passages":["a"],"maxTokns":5}""")]
    public async Task A_body_of_another_shape_is_refused(string body) => (await server.Api.PostJsonAsync(Route, body)).ShouldBeProblem(400, "Invalid");

    [Fact]
    public async Task Too_many_passages_are_refused_and_a_long_one_is_answered_in_part()
    {
        string many = JsonSerializer.Serialize(new { passages = Enumerable.Repeat("a", 10_000), maxTokens = 10 });
        (await server.Api.PostJsonAsync(Route, many)).ShouldBeProblem(413, "TooLarge", "passages");
        string text = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"Sentence number {i} stands by itself in this text. ")); // about 1 MB
        JsonElement json = (await server.Api.PostJsonAsync(Route, JsonSerializer.Serialize(new { query = "Which is number 19876?", passages = (string[])[text], maxTokens = 40 }))).ShouldBe(HttpStatusCode.OK).Json;
        json.String("text")!.ShouldContain("number 19876 ");
        json.String("partial")!.ShouldContain("of 20000 sentences the 400");
    }

    [Fact]
    public async Task A_text_without_spaces_is_cut_at_its_own_marks()
    {
        JsonElement json = (await server.Api.PostJsonAsync(Route, JsonSerializer.Serialize(new { query = "灯塔", passages = (string[])["港口很旧，灯塔在山上，人们在海边钓鱼，天气很好，孩子们在玩。"], maxTokens = 12 }))).ShouldBe(HttpStatusCode.OK).Json;
        json.GetProperty("citations")[0].GetProperty("fragment").GetBoolean().ShouldBeTrue();
        json.Int("tokens").ShouldBeInRange(5, 12);
    }
}

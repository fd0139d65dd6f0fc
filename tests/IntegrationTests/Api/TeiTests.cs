using System.Net;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Api;

/// <summary>The dialect of text-embeddings-inference.</summary>
public sealed class TeiTests(InProcessServer server) : IClassFixture<InProcessServer>
{
    private static readonly string TooLong = string.Join(' ', Enumerable.Repeat("lamp", 300));

    private ApiClient Api => server.Api;

    [Fact]
    public async Task A_string_gives_a_list_of_one_unit_vector()
    {
        float[] vector = Vectors((await Api.PostJsonAsync("/embed", """{"inputs":"A lamp."}""")).ShouldBe(HttpStatusCode.OK)).ShouldHaveSingleItem();
        vector.Length.ShouldBe(384);
        vector.Sum(x => (double)x * x).ShouldBe(1, 1e-5);
    }

    [Fact]
    public async Task A_list_gives_one_vector_each_in_order_and_the_same_as_alone()
    {
        string[] texts = ["A lamp.", "Ein längerer Satz über das Licht am Ende des Tunnels.", "", "🍃"];
        float[][] together = Vectors(await Api.PostJsonAsync("/embed", JsonSerializer.Serialize(new { inputs = texts })));
        together.Length.ShouldBe(texts.Length);
        for (int i = 0; i < texts.Length; i++)
        {
            Vectors(await Api.PostJsonAsync("/embed", JsonSerializer.Serialize(new { inputs = texts[i] })))[0].ShouldBe(together[i]);
        }
    }

    [Fact]
    public async Task A_text_over_the_limit_is_cut_only_when_truncate_says_so()
    {
        Answer refused = (await Api.PostJsonAsync("/embed", JsonSerializer.Serialize(new { inputs = TooLong }))).ShouldBe(HttpStatusCode.UnprocessableEntity);
        refused.Json.Names().ShouldBe(["error", "error_type"]);
        (refused.Json.String("error")!, refused.Json.String("error_type")).ShouldSatisfyAllConditions(e => e.Item1.ShouldContain("302 tokens"), e => e.Item2.ShouldBe("Validation"));
        float[] cut = Vectors((await Api.PostJsonAsync("/embed", JsonSerializer.Serialize(new { inputs = TooLong, truncate = true }))).ShouldBe(HttpStatusCode.OK))[0];
        Vectors(await Api.PostJsonAsync("/embed", JsonSerializer.Serialize(new { inputs = string.Join(' ', Enumerable.Repeat("lamp", 254)) })))[0].ShouldBe(cut);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"inputs":5}""")]
    [InlineData("""{"inputs":["a",5]}""")]
    [InlineData("""{"inputs":[]}""")]
    [InlineData("""{"inputs":"a","truncate":"maybe"}""")]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("null")]
    public async Task What_is_no_request_is_refused_in_the_dialect(string body)
    {
        Answer answer = (await Api.PostJsonAsync("/embed", body)).ShouldBe(HttpStatusCode.UnprocessableEntity);
        answer.Json.Names().ShouldBe(["error", "error_type"]);
        answer.Json.String("error_type").ShouldBe("Validation");
        answer.Text.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task Fields_of_its_own_that_are_not_here_are_passed_over() =>
        (await Api.PostJsonAsync("/embed", """{"inputs":"A lamp.","normalize":true,"prompt_name":null}""")).ShouldBe(HttpStatusCode.OK);

    private static float[][] Vectors(Answer answer) => JsonSerializer.Deserialize<float[][]>(answer.Text)!;
}

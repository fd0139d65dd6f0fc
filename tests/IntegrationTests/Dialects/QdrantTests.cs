using System.Net;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Dialects;

/// <summary>What a real Qdrant 1.19 posted to its inference service, byte for byte as it was recorded, answered by this server.</summary>
public sealed class QdrantTests(ModelServer server) : IClassFixture<ModelServer>
{
    private static readonly string[] Served = [ModelServer.Dense, ModelServer.Sparse, ""];

    private ApiClient Api => server.Api;

    [Fact]
    public async Task Every_recorded_request_for_texts_gets_a_vector_for_each_input_in_order()
    {
        string[] requests = Recorded(inputs => inputs.All(IsServed));
        requests.Length.ShouldBeGreaterThan(20);
        foreach (string request in requests)
        {
            Answer answer = (await Api.PostJsonAsync("/qdrant/inference", request)).ShouldBe(HttpStatusCode.OK);
            JsonElement[] inputs = Inputs(request), vectors = [.. answer.Json.GetProperty("embeddings").EnumerateArray()];
            vectors.Length.ShouldBe(inputs.Length, request);
            for (int i = 0; i < inputs.Length; i++)
            {
                if (inputs[i].String("model") == ModelServer.Sparse)
                {
                    vectors[i].Names().ShouldBe(["indices", "values"]);
                    vectors[i].GetProperty("indices").GetArrayLength().ShouldBe(vectors[i].GetProperty("values").GetArrayLength());
                }
                else
                {
                    vectors[i].GetArrayLength().ShouldBe(384);
                }
            }
            JsonElement models = answer.Json.GetProperty("usage").GetProperty("models");
            models.Names().ShouldBe(inputs.Select(i => i.String("model")!).Distinct(), ignoreOrder: true);
            models.EnumerateObject().ShouldAllBe(m => m.Value.Int("tokens") > 0);
        }
    }

    [Fact]
    public async Task Recorded_requests_for_what_is_not_served_are_refused_so_that_Qdrant_says_bad_request()
    {
        string[] requests = Recorded(inputs => !inputs.All(IsServed));
        requests.Length.ShouldBeGreaterThan(5);
        foreach (string request in requests)
        {
            Answer answer = await Api.PostJsonAsync("/qdrant/inference", request);
            answer.Status.ShouldBeOneOf(400, 404);
            answer.Json.Names().ShouldBe(["error"]);
        }
    }

    [Fact]
    public async Task A_search_is_a_query_and_an_update_a_document()
    {
        float[] search = (await InferAsync("search", "hello")).Deserialize<float[]>()!, update = (await InferAsync("update", "hello")).Deserialize<float[]>()!;
        search.ShouldNotBe(update);
        search.ShouldBe(await EmbedAsync(ModelServer.QueryPrompt + "hello"));
        update.ShouldBe(await EmbedAsync("hello"));
    }

    [Theory]
    [InlineData("""{"prompt_name":"title"}""", "Title of: hello")]
    [InlineData("""{"prompt":"my words "}""", "my words hello")]
    [InlineData("""{"input_type":"query","a":1,"nested":{"b":[null]}}""", ModelServer.QueryPrompt + "hello")]
    [InlineData("""{}""", "hello")]
    public async Task Options_that_are_known_count_and_others_are_passed_over(string options, string text) => (await InferAsync("update", "hello", options)).Deserialize<float[]>().ShouldBe(await EmbedAsync(text));

    [Fact]
    public async Task A_multivector_has_a_vector_a_token_with_a_point_in_every_number_and_pooling_makes_it_shorter()
    {
        JsonElement all = await InferAsync("update", "a lamp gives light", """{"multivector":true}"""), pooled = await InferAsync("update", "a lamp gives light", """{"multivector":true,"pool":2}""");
        (all.GetArrayLength(), pooled.GetArrayLength()).ShouldBe((4, 2));
        all.EnumerateArray().Concat(pooled.EnumerateArray()).SelectMany(v => v.EnumerateArray()).ShouldAllBe(n => n.GetRawText().Contains('.') || n.GetRawText().Contains('E'));
    }

    [Theory]
    [InlineData("""{"inputs":[{"data":"a","data_type":"text","model":"stub/dense","options":{"truncate":"maybe"}}],"inference":"update","token":null}""", 400)]
    [InlineData("""{"inputs":[{"data":"a","data_type":"text","model":"stub/dense","options":null}],"inference":"guess","token":null}""", 400)]
    [InlineData("""{"inputs":[{"data":"a","data_type":"text","model":"none","options":null}],"inference":"search","token":null}""", 404)]
    [InlineData("""{"inputs":[{"data":7,"data_type":"text","model":"stub/dense","options":null}],"inference":"search","token":null}""", 400)]
    [InlineData("""{"inference":"search"}""", 400)]
    public async Task What_is_wrong_is_said_in_a_body_that_Qdrant_passes_on(string request, int status)
    {
        Answer answer = await Api.PostJsonAsync("/qdrant/inference", request);
        answer.Status.ShouldBe(status, answer.Text);
        answer.Json.String("error")!.Length.ShouldBeGreaterThan(10);
    }

    [Fact]
    public async Task No_inputs_give_no_embeddings() => (await Api.PostJsonAsync("/qdrant/inference", """{"inputs":[],"inference":"update","token":null}""")).ShouldBe(HttpStatusCode.OK).Text.ShouldBe("""{"embeddings":[],"usage":{"models":{}}}""");

    // The default model has no prefixes, and no place for an instruction.
    private static bool IsServed(JsonElement input) => input.String("data_type") == "text" && Served.Contains(input.String("model")) && !(input.GetProperty("options") is { ValueKind: JsonValueKind.Object } options && options.Names().Intersect(["dimensions", "instruction"]).Any());

    private static JsonElement[] Inputs(string request) => [.. JsonDocument.Parse(request).RootElement.GetProperty("inputs").EnumerateArray()];

    private static string[] Recorded(Func<JsonElement[], bool> wanted) => [.. File.ReadLines(Shared.Require("qdrant", "inference.jsonl")).Select(l => JsonDocument.Parse(l).RootElement)
        .Where(l => l.TryGetProperty("upstream", out JsonElement calls) && calls.ValueKind == JsonValueKind.Array).SelectMany(l => l.GetProperty("upstream").EnumerateArray())
        .Select(c => c.GetProperty("request")).Where(r => r.ValueKind == JsonValueKind.Object).Select(r => r.GetRawText()).Distinct().Where(r => wanted(Inputs(r)))];

    private async Task<JsonElement> InferAsync(string inference, string text, string options = "null") =>
        (await Api.PostJsonAsync("/qdrant/inference", $$"""{"inputs":[{"data":"{{text}}","data_type":"text","model":"{{ModelServer.Dense}}","options":{{options}}}],"inference":"{{inference}}","token":null}""")).ShouldBe(HttpStatusCode.OK).Json.GetProperty("embeddings")[0];

    private async Task<float[]> EmbedAsync(string text) => (await Api.PostJsonAsync("/embed", JsonSerializer.Serialize(new { inputs = text }))).ShouldBe(HttpStatusCode.OK).Json[0].Deserialize<float[]>()!;
}

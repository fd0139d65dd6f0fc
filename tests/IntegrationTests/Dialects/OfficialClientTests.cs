using System.Numerics.Tensors;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Dialects;

/// <summary>The makers' own clients, pointed at this server and otherwise as they come.</summary>
public sealed class OfficialClientTests(ModelServer server) : IClassFixture<ModelServer>
{
    private string Address => server.Address.OriginalString.TrimEnd('/');

    [Fact]
    public async Task OpenAI()
    {
        JsonElement said = await OfficialClients.RunAsync("openai.mjs", Address, ModelServer.Dense);
        float[][] plain = OpenAiVectors(said, "plain"), floats = OpenAiVectors(said, "floats");
        plain.Length.ShouldBe(2);
        plain[0].Length.ShouldBe(384);
        plain.ShouldBe(floats);
        OpenAiVectors(said, "one")[0].ShouldBe(plain[0]);
        OpenAiVectors(said, "ids")[0].ShouldBe(plain[0]);
        JsonElement usage = said.GetProperty("one").GetProperty("usage");
        (usage.Int("prompt_tokens"), usage.Int("total_tokens"), said.GetProperty("one").String("model")).ShouldBe((5, 5, ModelServer.Dense));
        said.GetProperty("models").EnumerateArray().Select(m => m.String("id")).ShouldContain(ModelServer.Dense);
        said.GetProperty("model").String("id").ShouldBe(ModelServer.Dense);
        said.GetProperty("unknown").ShouldSatisfyAllConditions(e => e.GetProperty("isNotFound").GetBoolean().ShouldBeTrue(), e => e.String("code").ShouldBe("model_not_found"), e => e.String("type").ShouldBe("invalid_request_error"));
        said.GetProperty("dimensions").ShouldSatisfyAllConditions(e => e.GetProperty("isBadRequest").GetBoolean().ShouldBeTrue(), e => e.String("param").ShouldBe("dimensions"));
        said.GetProperty("empty").ShouldSatisfyAllConditions(e => e.GetProperty("isBadRequest").GetBoolean().ShouldBeTrue(), e => e.String("param").ShouldBe("input"));
    }

    [Fact]
    public async Task Cohere()
    {
        JsonElement said = await OfficialClients.RunAsync("cohere.mjs", Address, ModelServer.Dense);
        JsonElement embeddings = said.GetProperty("embed").GetProperty("embeddings");
        float[][] vectors = Vectors(embeddings.GetProperty("float"));
        vectors.Length.ShouldBe(3);
        float[][] int8 = Vectors(embeddings.GetProperty("int8")), uint8 = Vectors(embeddings.GetProperty("uint8")), binary = Vectors(embeddings.GetProperty("binary")), ubinary = Vectors(embeddings.GetProperty("ubinary"));
        for (int i = 0; i < vectors.Length; i++)
        {
            TensorPrimitives.CosineSimilarity(int8[i], vectors[i]).ShouldBeGreaterThan(0.999f);
            uint8[i].ShouldBe(int8[i].Select(x => x + 128));
            ubinary[i].ShouldBe(Enumerable.Range(0, 48).Select(b => (float)Enumerable.Range(0, 8).Sum(k => vectors[i][b * 8 + k] > 0 ? 128 >> k : 0)));
            binary[i].ShouldBe(ubinary[i].Select(x => x - 128));
        }
        JsonElement[] ranked = [.. said.GetProperty("rerank").GetProperty("results").EnumerateArray()], first = [.. said.GetProperty("first").GetProperty("results").EnumerateArray()];
        (ranked.Length, ranked[0].Int("index")).ShouldBe((2, 1));
        ranked[0].GetProperty("relevanceScore").GetDouble().ShouldBeGreaterThan(ranked[1].GetProperty("relevanceScore").GetDouble());
        first.Select(r => r.Int("index")).Take(2).ShouldBe(ranked.Select(r => r.Int("index")));
        first[0].GetProperty("document").String("text").ShouldBe("A lamp gives light in the dark.");
        said.GetProperty("unknown").ShouldSatisfyAllConditions(e => e.Int("status").ShouldBe(404), e => e.GetProperty("isCohere").GetBoolean().ShouldBeTrue(), e => e.String("message")!.ShouldContain("embed-v4.0"));
        said.GetProperty("side").ShouldSatisfyAllConditions(e => e.Int("status").ShouldBe(400), e => e.String("message")!.ShouldContain("poetry"));
    }

    [Fact]
    public async Task Hugging_Face()
    {
        JsonElement said = await OfficialClients.RunAsync("huggingface.mjs", Address);
        float[][] vectors = Vectors(said.GetProperty("embed"));
        vectors.Select(v => v.Length).ShouldBe([384, 384]);
        Vectors(said.GetProperty("root")).ShouldBe(vectors);
        float[] cosines = said.GetProperty("similarity").Deserialize<float[]>()!;
        ((double)cosines[0]).ShouldBe(1, 1e-5);
        ((double)cosines[1]).ShouldBe(TensorPrimitives.Dot<float>(vectors[0], vectors[1]), 1e-5);
        said.GetProperty("empty").ShouldSatisfyAllConditions(e => e.Int("status").ShouldBe(400), e => e.GetProperty("body").String("error_type").ShouldBe("Empty"));
    }

    private static float[][] OpenAiVectors(JsonElement said, string call) => [.. said.GetProperty(call).GetProperty("data").EnumerateArray().OrderBy(d => d.Int("index")).Select(d => d.GetProperty("embedding").Deserialize<float[]>()!)];

    private static float[][] Vectors(JsonElement json) => json.Deserialize<float[][]>()!;
}

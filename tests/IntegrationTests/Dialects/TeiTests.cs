using System.Net;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Dialects;

/// <summary>The dialect of text-embeddings-inference.</summary>
public sealed class TeiTests(ModelServer server) : IClassFixture<ModelServer>
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
        string[] texts = ["A lamp.", "Ein längerer Satz über das Licht am Ende des Tunnels.", " ", "🍃"];
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
        Answer refused = (await Api.PostJsonAsync("/embed", JsonSerializer.Serialize(new { inputs = TooLong }))).ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        refused.Json.Names().ShouldBe(["error", "error_type"]);
        (refused.Json.String("error")!, refused.Json.String("error_type")).ShouldSatisfyAllConditions(e => e.Item1.ShouldContain("302 tokens"), e => e.Item2.ShouldBe("Validation"));
        float[] cut = Vectors((await Api.PostJsonAsync("/embed", JsonSerializer.Serialize(new { inputs = TooLong, truncate = true }))).ShouldBe(HttpStatusCode.OK))[0];
        Vectors(await Api.PostJsonAsync("/embed", JsonSerializer.Serialize(new { inputs = string.Join(' ', Enumerable.Repeat("lamp", 254)) })))[0].ShouldBe(cut);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"inputs":true}""")]
    [InlineData("""{"inputs":["a",5]}""")]
    [InlineData("""{"inputs":[5,[6]]}""")]
    [InlineData("""{"inputs":"a","truncation_direction":"Up"}""")]
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

    [Theory]
    [InlineData("/embed", """{"inputs":[]}""")]
    [InlineData("/embed", """{"inputs":""}""")]
    [InlineData("/embed_all", """{"inputs":["a",""]}""")]
    [InlineData("/rerank", """{"query":"a","texts":[]}""")]
    [InlineData("/predict", """{"inputs":[]}""")]
    [InlineData("/similarity", """{"inputs":{"source_sentence":"a","sentences":[]}}""")]
    [InlineData("/tokenize", """{"inputs":[]}""")]
    [InlineData("/decode", """{"ids":[]}""")]
    public async Task Nothing_to_encode_is_Empty(string route, string body)
    {
        Answer answer = (await Api.PostJsonAsync(route, body)).ShouldBe(HttpStatusCode.BadRequest);
        (answer.Json.Names(), answer.Json.String("error_type")).ShouldSatisfyAllConditions(a => a.Item1.ShouldBe(["error", "error_type"]), a => a.Item2.ShouldBe("Empty"));
    }

    [Fact]
    public async Task States_of_all_tokens_come_as_the_model_has_them_and_their_mean_at_unit_length_is_the_vector()
    {
        float[][] states = (await Api.PostJsonAsync("/embed_all", """{"inputs":"A lamp."}""")).ShouldBe(HttpStatusCode.OK).Json[0].Deserialize<float[][]>()!;
        states.Length.ShouldBe(5); // [CLS] a lamp . [SEP]
        double[] mean = [.. Enumerable.Range(0, 384).Select(d => states.Average(s => (double)s[d]))];
        double length = Math.Sqrt(mean.Sum(x => x * x));
        Math.Abs(length - 1).ShouldBeGreaterThan(0.01);
        float[] vector = Vectors(await Api.PostJsonAsync("/embed", """{"inputs":"A lamp."}"""))[0], raw = Vectors(await Api.PostJsonAsync("/embed", """{"inputs":"A lamp.","normalize":false}"""))[0];
        for (int d = 0; d < 384; d++)
        {
            ((double)vector[d]).ShouldBe(mean[d] / length, 1e-5);
            ((double)raw[d]).ShouldBe(mean[d], 1e-5);
        }
    }

    [Fact]
    public async Task Tokens_have_offsets_in_code_points_and_their_ids_decode_to_the_text()
    {
        JsonElement[] tokens = [.. (await Api.PostJsonAsync("/tokenize", """{"inputs":["🍃 a lamp"]}""")).ShouldBe(HttpStatusCode.OK).Json[0].EnumerateArray()];
        tokens.Select(t => t.String("text")).ShouldBe(["[CLS]", "🍃", "a", "lamp", "[SEP]"]);
        tokens.Select(t => t.GetProperty("special").GetBoolean()).ShouldBe([true, false, false, false, true]);
        tokens.Select(t => t.GetProperty("start").ValueKind == JsonValueKind.Null ? -1 : t.Int("start")).ShouldBe([-1, 0, 2, 4, -1]);
        tokens.Select(t => t.GetProperty("stop").ValueKind == JsonValueKind.Null ? -1 : t.Int("stop")).ShouldBe([-1, 1, 3, 8, -1]);
        string ids = JsonSerializer.Serialize(tokens.Skip(2).Select(t => t.Int("id")));
        (await Api.PostJsonAsync("/decode", $$"""{"ids":{{ids}}}""")).ShouldBe(HttpStatusCode.OK).Text.ShouldBe("""["a lamp"]""");
        (await Api.PostJsonAsync("/decode", $$"""{"ids":[{{ids}}],"skip_special_tokens":false}""")).Text.ShouldBe("""["a lamp [SEP]"]""");
        (await Api.PostJsonAsync("/tokenize", """{"inputs":"a lamp","add_special_tokens":false}""")).Json[0].GetArrayLength().ShouldBe(2);
        Answer unknown = (await Api.PostJsonAsync("/decode", """{"ids":[900000]}""")).ShouldBe(HttpStatusCode.UnprocessableEntity);
        (unknown.Json.String("error_type"), unknown.Json.String("error")!.Contains("900000", StringComparison.Ordinal)).ShouldBe(("Tokenizer", true));
    }

    [Fact]
    public async Task A_rerank_is_in_order_with_texts_when_asked_and_a_cross_encoder_scores_pairs_alike_alone_and_together()
    {
        Shared.Require("golden", "bert_heads");
        string[] texts = ["t5 t6", "t7", "t8 t9 t10", "t5 t6"];
        async Task<JsonElement[]> RankAsync(object body) => [.. (await Api.PostJsonAsync("/rerank", JsonSerializer.Serialize(body))).ShouldBe(HttpStatusCode.OK).Json.EnumerateArray()];
        JsonElement[] ranks = await RankAsync(new { query = "t1 t2", texts, return_text = true }), raw = await RankAsync(new { query = "t1 t2", texts, raw_scores = true });
        ranks.Select(r => r.Int("index")).Order().ShouldBe([0, 1, 2, 3]);
        ranks.Select(r => r.GetProperty("score").GetSingle()).ShouldBe(ranks.Select(r => r.GetProperty("score").GetSingle()).OrderDescending());
        ranks.ShouldAllBe(r => r.String("text") == texts[r.Int("index")]);
        raw.ShouldAllBe(r => r.Names().SequenceEqual(new[] { "index", "score" }));
        foreach (JsonElement rank in ranks)
        {
            double logit = raw.Single(r => r.Int("index") == rank.Int("index")).GetProperty("score").GetDouble();
            rank.GetProperty("score").GetDouble().ShouldBe(1 / (1 + Math.Exp(-logit)), 1e-6);
            (await RankAsync(new { query = "t1 t2", texts = new[] { rank.String("text") } }))[0].GetProperty("score").GetDouble().ShouldBe(rank.GetProperty("score").GetDouble(), 2e-6);
        }
    }

    [Fact]
    public async Task Late_interaction_finds_the_text_that_answers_also_over_pooled_tokens()
    {
        foreach (int pool in (int[])[1, 2, 3])
        {
            object body = new { query = "What shines at night?", texts = new[] { "Bread is baked from flour.", "A lamp gives light in the dark.", "The train leaves at noon." }, model = ModelServer.Dense, pool };
            (await Api.PostJsonAsync("/rerank", JsonSerializer.Serialize(body))).ShouldBe(HttpStatusCode.OK).Json[0].Int("index").ShouldBe(1);
        }
    }

    [Fact]
    public async Task A_prediction_is_a_list_of_labels_and_of_lists_for_a_list_of_lists()
    {
        Shared.Require("golden", "bert_heads");
        JsonElement one = (await Api.PostJsonAsync("/predict", """{"inputs":"t5 t6"}""")).ShouldBe(HttpStatusCode.OK).Json;
        one.EnumerateArray().Select(l => l.String("label")).Order().ShouldBe(["calm", "glad", "sad"]);
        one.EnumerateArray().Sum(l => l.GetProperty("score").GetDouble()).ShouldBe(1, 1e-5);
        one.EnumerateArray().Select(l => l.GetProperty("score").GetDouble()).ShouldBe(one.EnumerateArray().Select(l => l.GetProperty("score").GetDouble()).OrderDescending());
        JsonElement pair = (await Api.PostJsonAsync("/predict", """{"inputs":["t5","t6"]}""")).Json, batch = (await Api.PostJsonAsync("/predict", """{"inputs":[["t5 t6"],["t5","t6"]]}""")).Json;
        (pair[0].ValueKind, batch[0].ValueKind, batch.GetArrayLength()).ShouldBe((JsonValueKind.Object, JsonValueKind.Array, 2));
        batch[0][0].GetProperty("score").GetDouble().ShouldBe(one[0].GetProperty("score").GetDouble(), 2e-6);
        batch[1][0].GetProperty("score").GetDouble().ShouldBe(pair[0].GetProperty("score").GetDouble(), 2e-6);
    }

    [Fact]
    public async Task A_sparse_vector_lists_index_and_value_and_top_keeps_the_heaviest()
    {
        Shared.Require("golden", "bert_heads");
        JsonElement[] all = [.. (await Api.PostJsonAsync("/embed_sparse", """{"inputs":"t5 t6"}""")).ShouldBe(HttpStatusCode.OK).Json[0].EnumerateArray()], top = [.. (await Api.PostJsonAsync("/embed_sparse", """{"inputs":["t5 t6"],"top":3}""")).Json[0].EnumerateArray()];
        all.ShouldAllBe(w => w.GetProperty("value").GetDouble() > 0 && w.Int("index") < HeadModel.Vocabulary);
        top.Select(w => w.Int("index")).ShouldBe(all.OrderByDescending(w => w.GetProperty("value").GetDouble()).Take(3).Select(w => w.Int("index")), ignoreOrder: true);
    }

    [Fact]
    public async Task A_sparse_vector_is_explained_as_words()
    {
        Shared.Require("golden", "bert_heads");
        JsonElement explained = (await Api.PostJsonAsync("/v1/explain", """{"input":"t5 t6","top":3}""")).ShouldBe(HttpStatusCode.OK).Json;
        JsonElement[] words = [.. explained.GetProperty("words").EnumerateArray()], weights = [.. (await Api.PostJsonAsync("/embed_sparse", """{"inputs":"t5 t6","top":3}""")).Json[0].EnumerateArray()];
        explained.String("model").ShouldBe(ModelServer.Sparse);
        words.Select(w => w.Int("id")).ShouldBe(weights.OrderByDescending(w => w.GetProperty("value").GetDouble()).Select(w => w.Int("index")));
        words.ShouldAllBe(w => w.String("word") == $"t{w.Int("id")}");
        (await Api.PostJsonAsync("/v1/explain", """{"vector":{"indices":[7,9],"values":[0.5,0.75]}}""")).ShouldBe(HttpStatusCode.OK).Json.GetProperty("words").EnumerateArray().Select(w => w.String("word")).ShouldBe(["t9", "t7"]);
        (await Api.PostJsonAsync("/v1/explain", """{"vector":{"indices":[7000],"values":[0.5]}}""")).ShouldBeProblem(400, "Invalid", "vector.indices");
        (await Api.PostJsonAsync("/v1/explain", """{"vector":{"indices":[7],"values":[]}}""")).ShouldBeProblem(400, "Invalid", "body");
        (await Api.PostJsonAsync("/v1/explain", """{"input":"t5","tops":3}""")).ShouldBeProblem(400, "Invalid", "body");
        (await Api.PostJsonAsync("/v1/explain", $$"""{"vector":{"indices":[7],"values":[1]},"model":"{{ModelServer.Dense}}"}""")).ShouldBeProblem(400, "Invalid", "model");
    }

    [Theory]
    [InlineData("/embed", """{"inputs":"a","model":"crossencoder"}""")]
    [InlineData("/embed_sparse", """{"inputs":"a","model":"stub/dense"}""")]
    [InlineData("/predict", """{"inputs":"a","model":"stub/dense"}""")]
    [InlineData("/rerank", """{"query":"a","texts":["b"],"model":"stub/sparse"}""")]
    public async Task A_model_that_does_something_else_is_named_and_what_it_does(string route, string body)
    {
        Shared.Require("golden", "bert_heads");
        Answer answer = (await Api.PostJsonAsync(route, body)).ShouldBe(HttpStatusCode.FailedDependency);
        (answer.Json.String("error_type"), answer.Json.String("error")!.Contains("is needed", StringComparison.Ordinal)).ShouldBe(("Backend", true));
    }

    [Fact]
    public async Task Information_and_health_are_those_of_the_first_model()
    {
        JsonElement info = (await Api.GetAsync("/info")).ShouldBe(HttpStatusCode.OK).Json;
        (info.String("model_id"), info.Int("max_input_length"), info.Int("max_client_batch_size"), info.GetProperty("model_type").GetProperty("embedding").String("pooling")).ShouldBe((ModelServer.Dense, 256, 2048, "mean"));
        (await Api.GetAsync("/health")).ShouldBe(HttpStatusCode.OK);
        Shared.Require("golden", "bert_heads");
        (await Api.GetAsync("/info?model=classifier")).Json.GetProperty("model_type").GetProperty("classifier").GetProperty("label2id").Int("glad").ShouldBe(1);
    }

    [Theory]
    [InlineData("title", "Title of: A lamp.")]
    [InlineData("query", ModelServer.QueryPrompt + "A lamp.")]
    public async Task A_prompt_by_name_is_put_before_the_text(string name, string text) =>
        Vectors(await Api.PostJsonAsync("/embed", JsonSerializer.Serialize(new { inputs = "A lamp.", prompt_name = name }))).ShouldBe(Vectors(await Api.PostJsonAsync("/embed", JsonSerializer.Serialize(new { inputs = text }))));

    private static float[][] Vectors(Answer answer) => JsonSerializer.Deserialize<float[][]>(answer.Text)!;
}

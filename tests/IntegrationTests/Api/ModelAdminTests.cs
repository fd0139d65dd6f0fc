using System.Net;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Api;

/// <summary>Models in and out of a running server, and what it counts meanwhile.</summary>
public sealed class ModelAdminTests(ModelAdminTests.Server server) : IClassFixture<ModelAdminTests.Server>
{
    private const string Route = "/v1/admin/models";

    private ApiClient Api => server.Api;

    [Fact]
    public async Task A_model_is_added_used_unloaded_comes_back_and_is_removed()
    {
        TableModel.Write(server.Models["one"]);
        JsonElement added = (await Api.PostJsonAsync(Route, """{"path":"one"}""")).ShouldBe(HttpStatusCode.Created).Json;
        (added.String("name"), added.String("state"), added.Int("dimensions"), added.GetProperty("isDefault").GetBoolean()).ShouldBe(("one", "loaded", 8, false));
        added.String("runs")!.ShouldContain("at once");
        (await Api.PostJsonAsync(Route, """{"path":"one"}""")).ShouldBeProblem(409, "Conflict", "Encoder:Models");
        string vector = (await EmbedAsync("one")).ShouldBe(HttpStatusCode.OK).Text;

        (await Api.PostJsonAsync($"{Route}/one/unload", "")).ShouldBe(HttpStatusCode.OK).Json.String("state").ShouldBe("unloaded");
        (await StateAsync("one")).ShouldBe("unloaded");
        (await EmbedAsync("one")).ShouldBe(HttpStatusCode.OK).Text.ShouldBe(vector);
        (await StateAsync("one")).ShouldBe("loaded");

        (await Api.DeleteAsync($"{Route}/one")).ShouldBe(HttpStatusCode.NoContent);
        (await EmbedAsync("one")).ShouldBeProblem(404, "NotFound", "model");
        (await Api.DeleteAsync($"{Route}/one")).ShouldBeProblem(404, "NotFound", "model");
    }

    [Fact]
    public async Task The_default_stays_and_folders_elsewhere_are_not_read()
    {
        JsonElement list = (await Api.GetAsync(Route)).ShouldBe(HttpStatusCode.OK).Json;
        JsonElement first = list.GetProperty("models")[0];
        (first.String("name"), first.GetProperty("isDefault").GetBoolean()).ShouldBe(("all-MiniLM-L6-v2", true));
        list.GetProperty("bytes").GetInt64().ShouldBeGreaterThan(1_000_000);
        (await Api.DeleteAsync($"{Route}/all-MiniLM-L6-v2")).ShouldBeProblem(409, "Conflict", "model");
        (await Api.PostJsonAsync(Route, JsonSerializer.Serialize(new { path = TestData.DefaultModel }))).ShouldBeProblem(403, "Forbidden", "path");
        (await Api.PostJsonAsync(Route, """{"path":"../x"}""")).ShouldBeProblem(403, "Forbidden", "path");
        (await Api.PostJsonAsync(Route, """{"path":"nowhere"}""")).ShouldBeProblem(400, "Invalid").String("detail")!.ShouldContain("nowhere");
        (await Api.PostJsonAsync(Route, """{"path":"one","name":""}""")).ShouldBeProblem(400, "Invalid", "name");
        (await Api.PostJsonAsync(Route, """{"path":"one","maxTokens":1}""")).ShouldBeProblem(400, "Invalid", "maxTokens");
    }

    [Fact]
    public async Task A_model_that_failed_at_the_start_is_in_the_list_in_readiness_and_can_be_repaired()
    {
        JsonElement ready = (await Api.GetAsync("/readyz")).ShouldBe(HttpStatusCode.OK).Json;
        ready.String("status").ShouldBe("ready");
        ready.GetProperty("failed").EnumerateArray().Single().GetString()!.ShouldStartWith("broken: ");
        (await StateAsync("broken")).ShouldBe("failed");
        (await EmbedAsync("broken")).ShouldBeProblem(503, "Unavailable", "model").String("help")!.ShouldContain($"{Route}/broken/load");
        (await Api.PostJsonAsync($"{Route}/broken/load", "")).ShouldBeProblem(400, "Invalid");

        TableModel.Write(server.Models["broken"], seed: 9);
        (await Api.PostJsonAsync($"{Route}/broken/load", "")).ShouldBe(HttpStatusCode.OK).Json.String("state").ShouldBe("loaded");
        (await Api.GetAsync("/readyz")).Text.ShouldBe("""{"status":"ready"}""");
    }

    [Fact]
    public async Task Metrics_tell_what_the_encoder_did_in_prometheus_text()
    {
        (await Api.PostJsonAsync("/embed", """{"inputs":["a short text","a somewhat longer text than the other one"]}""")).ShouldBe(HttpStatusCode.OK);
        Answer metrics = (await Api.GetAsync("/metrics")).ShouldBe(HttpStatusCode.OK);
        metrics.MediaType.ShouldBe("text/plain");
        foreach (string series in (string[])["retrieval_encoder_texts_total{model=\"all-MiniLM-L6-v2\",variant=\"documents\",outcome=\"done\"} ", "retrieval_encoder_run_duration_seconds_bucket{model=\"all-MiniLM-L6-v2\",variant=\"documents\",tier=\"full\",le=\"0.001\"} ",
            "retrieval_encoder_queue_age_seconds{model=\"all-MiniLM-L6-v2\",variant=\"documents\",tier=\"full\",priority=\"query\"} ", "retrieval_encoder_padding_total{", "retrieval_encoder_batch_fill_", "retrieval_encoder_cache_misses_total{", "retrieval_encoder_models{state=\"loaded\"} ", "http_server_request_duration_seconds_count{"])
        {
            metrics.Text.ShouldContain(series);
        }
        foreach (string line in metrics.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !l.StartsWith('#')))
        {
            line.ShouldMatch("""^[a-zA-Z_][a-zA-Z0-9_]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*",?)+\})? ([0-9.eE+-]+|[+-]Inf|NaN)$""");
        }
    }

    private Task<Answer> EmbedAsync(string model) => Api.PostJsonAsync("/internal/encoder/embed", JsonSerializer.Serialize(new { texts = new[] { "w1 w2" }, model }));

    private async Task<string?> StateAsync(string model) => (await Api.GetAsync(Route)).Json.GetProperty("models").EnumerateArray().Single(m => m.String("name") == model).String("state");

    public sealed class Server : InProcessServer
    {
        internal TempFolder Models { get; } = new();

        protected override IEnumerable<KeyValuePair<string, string?>> More =>
        [
            new("Encoder:ModelsFolder", Models.Path), new("Encoder:Models:0:Path", TestData.DefaultModel), new("Encoder:Models:1:Path", Models["broken"]), new("Encoder:Calibrate", "false"),
        ];
    }
}

using System.Net;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Api;

public sealed class HealthTests(InProcessServer server) : IClassFixture<InProcessServer>
{
    private ApiClient Api => server.Api;

    [Theory]
    [InlineData("/healthz", """{"status":"healthy"}""")]
    [InlineData("/readyz", """{"status":"ready"}""")]
    public async Task A_server_that_is_up_says_so(string path, string body) => (await Api.GetAsync(path)).ShouldBe(HttpStatusCode.OK).Text.ShouldBe(body);

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/v1/nothing/here")]
    [InlineData("/v1/jobs/not-a-job")]
    public async Task A_path_without_a_route_is_a_problem_that_says_where_the_routes_are(string path) =>
        (await Api.GetAsync(path)).ShouldBeProblem(404, "NotFound", "path").String("help")!.ShouldContain("/openapi/v1.json");

    [Theory]
    [InlineData("POST", "/healthz", "GET")]
    [InlineData("PATCH", "/v1/collections/c", "DELETE")]
    [InlineData("POST", "/v1/collections/c", "PUT")]
    [InlineData("GET", "/v1/collections/c/search", "POST")]
    [InlineData("DELETE", "/v1/codecs/train", "POST")]
    public async Task A_method_that_a_route_does_not_take_is_a_problem_that_names_those_that_it_takes(string method, string path, string allowed)
    {
        JsonElement problem = (await Api.SendAsync(new HttpMethod(method), path, null)).ShouldBeProblem(405, "Invalid", "method");
        (problem.String("value"), problem.String("limit")!.Contains(allowed, StringComparison.Ordinal)).ShouldBe((method, true), problem.GetRawText());
    }

    [Fact]
    public async Task The_page_is_one_file_that_may_ask_this_server_only()
    {
        using HttpResponseMessage response = await Api.Http.GetAsync(new Uri("/", UriKind.Relative));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
        response.Headers.GetValues("Content-Security-Policy").Single().ShouldContain("default-src 'none'");
        string page = await response.Content.ReadAsStringAsync();
        page.ShouldStartWith("<!doctype html>");
        page.ShouldNotContain("http://");
        page.ShouldNotContain("https://");
    }
}

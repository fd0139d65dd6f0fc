using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Gateway;

namespace Retrieval.UnitTests.Gateway;

public sealed class ApiDescriptionTests
{
    [Fact]
    public async Task The_description_lists_words_and_defaults()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddGateway(new GatewayOptions());
        await using WebApplication app = builder.Build();
        app.MapPost("/search", () => Results.Ok()).Accepts<SearchRequest>("application/json").Produces<BulkVerdict>();
        app.MapOpenApi("/openapi/{documentName}.json");
        await app.StartAsync(TestContext.Current.CancellationToken);

        using HttpClient client = new();
        using JsonDocument document = JsonDocument.Parse(await client.GetStringAsync($"{app.Urls.Single()}/openapi/v1.json", TestContext.Current.CancellationToken));

        JsonElement schemas = document.RootElement.GetProperty("components").GetProperty("schemas"), search = schemas.GetProperty("SearchRequest").GetProperty("properties");
        Words(search.GetProperty("mode")).ShouldBe(["hybrid", "dense", "lexical"]);
        search.GetProperty("top").GetProperty("default").GetInt32().ShouldBe(10);
        Words(schemas.GetProperty("DocumentStatus")).ShouldBe(["accepted", "processing", "indexed", "failed", "superseded", "deleted"]);
    }

    private static string[] Words(JsonElement schema) => [.. schema.GetProperty("enum").EnumerateArray().Select(w => w.GetString()!)];
}

using System.Net;
using System.Text.Json;

namespace Retrieval.IntegrationTests.Server;

/// <summary>What a server answered.</summary>
internal sealed record Answer(int Status, string? MediaType, Uri? Location, TimeSpan? RetryAfter, string Text)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    /// <summary>One JSON value a line.</summary>
    public JsonElement[] Lines => [.. Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];

    public static async Task<Answer> OfAsync(HttpResponseMessage response) => new((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, response.Headers.Location,
        response.Headers.RetryAfter?.Delta, await response.Content.ReadAsStringAsync());

    public Answer ShouldBe(HttpStatusCode status)
    {
        ((HttpStatusCode)Status).ShouldBe(status, Text);
        return this;
    }

    /// <summary>Problem details of our form; the error's members for a closer look.</summary>
    public JsonElement ShouldBeProblem(int status, string kind, string? field = null)
    {
        Status.ShouldBe(status, Text);
        MediaType.ShouldBe("application/problem+json");
        string[] names = Json.Names();
        names.Except(["type", "title", "status", "detail", "kind", "field", "value", "limit", "help"]).ShouldBeEmpty(Text);
        new[] { "type", "title", "status", "detail", "kind" }.Except(names).ShouldBeEmpty(Text);
        Json.GetProperty("status").GetInt32().ShouldBe(status);
        Json.String("kind").ShouldBe(kind, Text);
        if (field is not null)
        {
            Json.String("field").ShouldBe(field, Text);
        }
        Text.ShouldNotContain("   at "); // no stack trace leaves the process
        return Json;
    }
}

internal static class JsonExtensions
{
    public static string[] Names(this JsonElement json) => [.. json.EnumerateObject().Select(p => p.Name)];

    public static string? String(this JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    public static int Int(this JsonElement json, string name) => json.GetProperty(name).GetInt32();
}

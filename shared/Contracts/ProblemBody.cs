using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Contracts;

/// <summary>RFC 9457 problem details with our members: the body of every error on our own routes.</summary>
public sealed record ProblemBody
{
    /// <summary>Media type of the body.</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>A name for the kind of problem.</summary>
    public string? Type { get; init; }
    /// <summary>Short form.</summary>
    public string? Title { get; init; }
    /// <summary>HTTP status code.</summary>
    public int Status { get; init; }
    /// <summary>One sentence for a person.</summary>
    public string? Detail { get; init; }
    /// <summary>Error kind; null when the body does not say.</summary>
    [JsonConverter(typeof(WireWord<ErrorKind>))]
    public ErrorKind? Kind { get; init; }
    /// <summary>What is at fault.</summary>
    public string? Field { get; init; }
    /// <summary>The value given.</summary>
    public string? Value { get; init; }
    /// <summary>The limit or the allowed values.</summary>
    public string? Limit { get; init; }
    /// <summary>The way out.</summary>
    public string? Help { get; init; }

    /// <summary>The body of a problem.</summary>
    public static ProblemBody Of(Problem problem) => new()
    {
        Type = $"urn:retrieval:problem:{problem.Kind}",
        Title = $"{problem.Kind}",
        Status = problem.Status,
        Detail = problem.Detail,
        Kind = problem.Kind,
        Field = problem.Field,
        Value = problem.Value,
        Limit = problem.Limit,
        Help = problem.Help,
    };

    /// <summary>Throws what the server said, as the same exception that it threw; for any other failure Unavailable or Internal with the status.</summary>
    public static async Task ThrowIfFailedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }
        ProblemBody? body = await ReadAsync(response, cancellationToken).ConfigureAwait(false);
        throw new RetrievalException(body is { Detail: not null, Kind: { } kind }
            ? new Problem(kind, body.Detail, body.Field, body.Value, body.Limit, body.Help)
            : new Problem((int)response.StatusCode is 502 or 503 or 504 ? ErrorKind.Unavailable : ErrorKind.Internal,
                $"{response.RequestMessage?.RequestUri} answered {(int)response.StatusCode} {response.ReasonPhrase}."));
    }

    /// <summary>Null when the answer has another body: a proxy's, a damaged one, or one with a kind that only a newer server knows.</summary>
    private static async Task<ProblemBody?> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType != MediaType)
        {
            return null;
        }
        try
        {
            return await response.Content.ReadFromJsonAsync(WireJson.Lenient.ProblemBody, cancellationToken).ConfigureAwait(false);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Sends, and turns a refused or broken connection into Unavailable that names the address.</summary>
    public static async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            await ThrowIfFailedAsync(response, cancellationToken).ConfigureAwait(false);
            return response;
        }
        catch (HttpRequestException e)
        {
            throw new RetrievalException(ErrorKind.Unavailable, $"No answer from {client.BaseAddress}: {e.Message}", "url", $"{client.BaseAddress}",
                help: "Is the server running, and is this its address?", inner: e);
        }
    }
}

using System.Collections.Frozen;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>
/// Hands a request to another process and its answer back as they are: method, path, query, headers, status and bytes, neither kept in memory. When the client
/// leaves, the other process hears of it. Only headers that concern one connection (RFC 9110, 7.6.1) are left out.
/// </summary>
public sealed class Forwarder : IDisposable
{
    private static readonly FrozenSet<string> OneConnection = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Host", "Expect");

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseCookies = false, UseProxy = false, AutomaticDecompression = System.Net.DecompressionMethods.None, ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(10),
    });

    private readonly Uri _address;
    private readonly string _authority;

    /// <summary>Forwards to an address.</summary>
    public Forwarder(Uri address) => (_address, _authority) = (address, address.GetLeftPart(UriPartial.Authority)); // joined as text: a target that begins with // must not become another host

    /// <summary>Forwards a request.</summary>
    /// <exception cref="RetrievalException">Unavailable: nothing answers there.</exception>
    public async Task SendAsync(HttpContext context)
    {
        DialectBody.LiftServerLimit(context.Request);
        using HttpRequestMessage request = Request(context.Request);
        HttpResponseMessage response;
        try
        {
            response = await _client.SendAsync(request, context.RequestAborted);
        }
        catch (HttpRequestException e) when (e.InnerException is not BadHttpRequestException)
        {
            throw new RetrievalException(ErrorKind.Unavailable, $"The encoder at {_address} does not answer: {e.Message}", "url", $"{_address}", help: "Try again later.", inner: e);
        }
        catch (HttpRequestException e)
        {
            throw e.InnerException!; // the client's body ended early or came too slowly
        }
        using (response)
        {
            await CopyAsync(response, context);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private HttpRequestMessage Request(HttpRequest own)
    {
        HttpRequestMessage request = new(new HttpMethod(own.Method), new Uri(_authority + Target(own))) { Version = System.Net.HttpVersion.Version11 };
        if (own.ContentLength is > 0 || own.Headers.TransferEncoding.Count > 0)
        {
            request.Content = new StreamContent(own.Body);
        }
        HashSet<string> named = Named(own.Headers.Connection);
        foreach ((string name, StringValues values) in own.Headers.Where(h => !OneConnection.Contains(h.Key) && !named.Contains(h.Key)))
        {
            _ = request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values) || request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values) == true;
        }
        return request;
    }

    /// <summary>As the client wrote it, so that nothing is unescaped and escaped again.</summary>
    private static string Target(HttpRequest request) => request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget is ['/', ..] and var raw ? raw : $"{request.PathBase}{request.Path}{request.QueryString}";

    private static async Task CopyAsync(HttpResponseMessage response, HttpContext context)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        HashSet<string> named = Named(new StringValues([.. response.Headers.Connection]));
        foreach ((string name, HeaderStringValues values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated).Where(h => !OneConnection.Contains(h.Key) && !named.Contains(h.Key)))
        {
            context.Response.Headers[name] = new StringValues([.. values]);
        }
        await context.Response.StartAsync(context.RequestAborted); // what breaks from here on breaks the client's connection too, as it would without us
        await using Stream body = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        byte[] buffer = new byte[16_384];
        for (int read; (read = await body.ReadAsync(buffer, context.RequestAborted)) > 0;)
        {
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted); // an answer that comes in pieces goes on in pieces
        }
    }

    /// <summary>Headers that a Connection header names are for that connection too.</summary>
    private static HashSet<string> Named(StringValues connection) =>
        connection.SelectMany(c => (c ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).ToHashSet(StringComparer.OrdinalIgnoreCase);
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Retrieval.Encoder;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Dialects;

/// <summary>A gateway whose encoder is another process passes the dialects on as they are.</summary>
public sealed class ForwardTests : IDisposable
{
    private readonly TempFolder _folder = new(), _encoderFolder = new();

    public void Dispose()
    {
        _folder.Dispose();
        _encoderFolder.Dispose();
    }

    [Fact]
    public async Task Answers_and_errors_are_those_of_the_encoder_byte_for_byte_and_its_absence_is_told_in_the_dialect()
    {
        int port = Ports.Free();
        await using ServerProcess gateway = ServerProcess.Start(_folder.Path, Ports.Free(), "--roles", "gateway,ingestion,compression", "--Peers:Encoder:Urls:0", $"http://127.0.0.1:{port}");
        await using (ServerProcess encoder = ServerProcess.Start(_encoderFolder.Path, port, "--roles", "encoder"))
        {
            await gateway.ReadyAsync();
            await encoder.ReadyAsync();
            foreach ((string method, string path, string? body) in Requests)
            {
                (int, string, string) direct = await SendAsync(encoder, method, path, body), through = await SendAsync(gateway, method, path, body);
                through.ShouldBe(direct, $"{method} {path}");
            }
            using TrickleContent big = new(Encoding.UTF8.GetBytes($"{{\"inputs\":\"{new string('x', 33 << 20)}\"}}"), 1 << 20, "application/json");
            Answer refused = await gateway.Api.SendAsync(HttpMethod.Post, "/embed", big);
            (refused.Status, refused.Json.String("error_type")).ShouldBe((413, "Validation"));
            await encoder.Process.KillAsync();
        }
        foreach (string dialect in (string[])["openai", "tei", "cohere", "jina", "qdrant"])
        {
            Answer absent = await gateway.Api.SendAsync(HttpMethod.Post, BadInputTests.Route(dialect), BadInputTests.Body(dialect, "a", 1));
            absent.Status.ShouldBe(503);
            absent.RetryAfter.ShouldNotBeNull();
            BadInputTests.Message(dialect, absent).ShouldContain($"{port}");
        }
    }

    [Fact]
    public async Task Headers_and_pieces_go_through_and_a_client_that_leaves_is_heard_of()
    {
        // In the place of the encoder a socket, so that every byte of both sides is seen.
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using Forwarder forwarder = new(new Uri($"http://{listener.LocalEndpoint}"));
        await using WebApplication app = Forwarding(forwarder);
        await app.StartAsync();
        using Socket client = new(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, new Uri(app.Urls.First()).Port);
        await client.SendAsync("POST /v1/embeddings?a=%20b HTTP/1.1\r\nHost: gateway\r\nX-Mine: 1\r\nContent-Type: application/json\r\nConnection: X-Hop\r\nX-Hop: 1\r\nContent-Length: 2\r\n\r\n{}"u8.ToArray());
        using Socket peer = await listener.AcceptSocketAsync();
        string request = await ReadAsync(peer, "{}");
        request.ShouldStartWith("POST /v1/embeddings?a=%20b HTTP/1.1\r\n");
        request.ShouldSatisfyAllConditions(r => r.ShouldContain("X-Mine: 1\r\n"), r => r.ShouldContain("Content-Type: application/json\r\n"), r => r.ShouldContain("Content-Length: 2\r\n"), r => r.ShouldNotContain("X-Hop"), r => r.ShouldNotContain("gateway"));
        await peer.SendAsync("HTTP/1.1 418 Teapot\r\nX-Theirs: a\r\nX-Theirs: b\r\nRetry-After: 7\r\nContent-Type: text/odd; q=1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"u8.ToArray());
        string begun = await ReadAsync(client, "first");
        begun.ShouldSatisfyAllConditions(r => r.ShouldStartWith("HTTP/1.1 418"), r => r.ShouldContain("X-Theirs: a"), r => r.ShouldContain("b\r\n"), r => r.ShouldContain("Retry-After: 7\r\n"), r => r.ShouldContain("Content-Type: text/odd; q=1\r\n"));
        client.LingerState = new LingerOption(true, 0);
        client.Close();
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        (await EndAsync(peer, limit.Token)).ShouldBeTrue();
        await app.StopAsync();
    }

    private static readonly (string Method, string Path, string? Body)[] Requests =
    [
        ("POST", "/v1/embeddings", """{"model":"all-MiniLM-L6-v2","input":["A lamp.","Ein längerer Satz"],"encoding_format":"base64"}"""), ("POST", "/embeddings", """{"input":"A lamp."}"""),
        ("POST", "/v1/embeddings", """{"input":"a","model":"none"}"""), ("GET", "/v1/models", null), ("GET", "/v1/models/no%2Fne", null), ("GET", "/v1/models/all-MiniLM-L6-v2?x=%20", null),
        ("POST", "/embed", """{"inputs":["A lamp."]}"""), ("POST", "/", """{"inputs":["A lamp."]}"""), ("POST", "/embed", "{"), ("POST", "/embed_all", """{"inputs":"A lamp."}"""), ("POST", "/embed_sparse", """{"inputs":"A lamp."}"""),
        ("POST", "/rerank", """{"query":"a","texts":["b","c"]}"""), ("POST", "/predict", """{"inputs":"a"}"""), ("POST", "/similarity", """{"inputs":{"source_sentence":"a","sentences":["b"]}}"""),
        ("POST", "/tokenize", """{"inputs":"a lamp"}"""), ("POST", "/decode", """{"ids":[101,102]}"""), ("GET", "/info", null), ("GET", "/health", null),
        ("POST", "/v2/embed", """{"input_type":"poem","texts":["a"]}"""), ("POST", "/v2/rerank", """{"query":"","documents":[]}"""), ("POST", "/v1/rerank", """{"query":"a"}"""),
        ("POST", "/qdrant/inference", """{"inputs":[{"data":"a","data_type":"text","model":"","options":null}],"inference":"search","token":null}"""),
    ];

    private static async Task<(int, string, string)> SendAsync(ServerProcess server, string method, string path, string? body)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path) { Content = body is null ? null : ApiClient.Json(body) };
        using HttpResponseMessage response = await server.Api.Http.SendAsync(request);
        string headers = string.Join('\n', response.Headers.Concat(response.Content.Headers).Where(h => h.Key is not ("Date" or "Transfer-Encoding")).Select(h => $"{h.Key}: {string.Join(", ", h.Value)}").Order(StringComparer.Ordinal));
        return ((int)response.StatusCode, headers, await response.Content.ReadAsStringAsync());
    }

    private static WebApplication Forwarding(Forwarder forwarder)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        DialectRoutes.MapForwarded(app, forwarder);
        return app;
    }

    private static async Task<string> ReadAsync(Socket socket, string until)
    {
        StringBuilder text = new();
        byte[] buffer = new byte[4096];
        for (long began = Stopwatch.GetTimestamp(); !text.ToString().Contains(until, StringComparison.Ordinal); Stopwatch.GetElapsedTime(began).TotalSeconds.ShouldBeLessThan(30, $"{text}"))
        {
            int read = await socket.ReceiveAsync(buffer);
            read.ShouldBeGreaterThan(0, $"{text}");
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
        return text.ToString();
    }

    /// <summary>The other side has closed or reset the connection.</summary>
    private static async Task<bool> EndAsync(Socket socket, CancellationToken cancellationToken)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1], cancellationToken) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}

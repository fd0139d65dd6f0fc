using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Contracts;

namespace Retrieval.Host.Cli;

/// <summary>A server to talk to: the running one when it answers, else one inside this process over a private socket, which holds the data folder as long.</summary>
internal sealed class Connection : IAsyncDisposable
{
    private readonly WebApplication? _own;
    private readonly string? _socketFolder;

    private Connection(HttpClient http, WebApplication? own, string? socketFolder) => (Client, _own, _socketFolder) = (new RetrievalClient(http), own, socketFolder);

    /// <summary>The API.</summary>
    public RetrievalClient Client { get; }

    public static async Task<Connection> OpenAsync(Settings settings, CancellationToken cancellationToken)
    {
        HttpClient http = Http(settings);
        if (await new RetrievalClient(http).IsReadyAsync(cancellationToken))
        {
            return new Connection(http, null, null);
        }
        http.Dispose();
        return await StartAsync(settings, cancellationToken);
    }

    /// <summary>A client for the address that a server with these settings listens on.</summary>
    public static HttpClient Http(Settings settings) => new()
    {
        BaseAddress = new Uri(settings.Urls.Split(';')[0].Replace("*", "localhost", StringComparison.Ordinal).Replace("+", "localhost", StringComparison.Ordinal)),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private static async Task<Connection> StartAsync(Settings settings, CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("retrieval-").FullName, path = Path.Combine(folder, "api.sock");
        WebApplication? app = null;
        try
        {
            Settings own = settings with { Urls = $"http://unix:{path}" };
            app = await RetrievalHost.CreateAsync(own, cancellationToken);
            await RetrievalHost.StartAsync(app, own, cancellationToken);
            Readiness readiness = app.Services.GetRequiredService<Readiness>();
            if (!await readiness.WaitAsync(cancellationToken))
            {
                throw RetrievalHost.Known(readiness.Failure!);
            }
        }
        catch
        {
            await StopAsync(app, folder);
            throw;
        }
        SocketsHttpHandler handler = new() { ConnectCallback = (_, cancel) => ConnectAsync(path, cancel) };
        return new Connection(new HttpClient(handler) { BaseAddress = new Uri("http://localhost"), Timeout = Timeout.InfiniteTimeSpan }, app, folder);
    }

    private static async Task StopAsync(WebApplication? app, string folder)
    {
        if (app is not null)
        {
            await app.StopAsync(CancellationToken.None);
            await app.DisposeAsync();
        }
        Directory.Delete(folder, true);
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
        return new NetworkStream(socket, true);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_own is not null)
        {
            await StopAsync(_own, _socketFolder!);
        }
    }
}

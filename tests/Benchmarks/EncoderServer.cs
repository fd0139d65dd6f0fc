using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>The built program with the encoder role alone, as a process of its own.</summary>
internal sealed class EncoderServer : IDisposable
{
    /// <summary>Where texts go, and the name of the field that holds them.</summary>
    public const string Route = "/v1/embeddings", Field = "input";

    private const int MostWaitMs = 120_000, PauseMs = 20;
    private readonly Process _process;
    private readonly string _folder;

    private EncoderServer(Process process, string folder, Uri address) => (_process, _folder, Address) = (process, folder, address);

    public Uri Address { get; }

    /// <summary>Starts and waits until it is ready.</summary>
    public static async Task<EncoderServer> StartAsync(int port, string[] settings, CancellationToken cancellationToken)
    {
        string program = TestData.InRepository("services", "Host", "bin", "Release", "net10.0", "retrieval");
        if (!File.Exists(program))
        {
            throw new InvalidOperationException($"{program} is not there: dotnet build -c Release services/Host");
        }
        Uri address = new($"http://127.0.0.1:{port}");
        string folder = Directory.CreateTempSubdirectory("retrieval-benchmark-").FullName;
        Process process = Process.Start(new ProcessStartInfo(program, ["serve", "--roles", "encoder", "--data", folder, "--urls", address.OriginalString, "--Encoder:Models:0:Path", TestData.DefaultModel, "--Encoder:Provider", "cpu", .. settings])
        {
            RedirectStandardError = true, RedirectStandardOutput = true,
        })!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        EncoderServer server = new(process, folder, address);
        using HttpClient http = new() { BaseAddress = address };
        for (int waited = 0; !await IsReadyAsync(http, cancellationToken); waited += PauseMs)
        {
            if (waited > MostWaitMs || process.HasExited)
            {
                server.Dispose();
                throw new InvalidOperationException("The server did not become ready.");
            }
            await Task.Delay(PauseMs, cancellationToken);
        }
        return server;
    }

    /// <summary>Memory that it has now, in MiB.</summary>
    public double ResidentMiB()
    {
        string line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith("VmRSS", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024.0;
    }

    /// <summary>One request; its status.</summary>
    public static async Task<int> EmbedAsync(HttpClient http, HttpContent body, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, Route) { Content = body };
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await response.Content.CopyToAsync(Stream.Null, cancellationToken); // received, not parsed: that is the client's own affair
        return (int)response.StatusCode;
    }

    /// <summary>A request's body.</summary>
    public static HttpContent Body(params string[] texts) => JsonContent.Create(new Dictionary<string, object> { [Field] = texts });

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
        Directory.Delete(_folder, true);
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, CancellationToken cancellationToken)
    {
        try
        {
            return (await http.GetAsync("/readyz", cancellationToken)).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}

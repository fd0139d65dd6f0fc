using System.Diagnostics;
using System.Net;

namespace Retrieval.IntegrationTests.Server;

/// <summary>A running <c>retrieval serve</c> and its API.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private ServerProcess(RetrievalProcess process, Uri address) => (Process, Address, Api) = (process, address, new ApiClient(address));

    public RetrievalProcess Process { get; }

    public Uri Address { get; }

    public ApiClient Api { get; }

    /// <summary>Starts on a free port and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(string workingFolder, params IEnumerable<string> arguments)
    {
        ServerProcess server = Start(workingFolder, Ports.Free(), arguments);
        try
        {
            await server.ReadyAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts without waiting; the data folder is <c>data</c> below the working folder.</summary>
    public static ServerProcess Start(string workingFolder, int port, params IEnumerable<string> arguments)
    {
        Uri address = new($"http://127.0.0.1:{port}");
        return new ServerProcess(RetrievalProcess.Start(workingFolder, ["serve", "--data", Path.Combine(workingFolder, "data"), "--urls", address.OriginalString, .. arguments]), address);
    }

    /// <summary>Waits until /readyz is green.</summary>
    public async Task ReadyAsync(int seconds = 60)
    {
        for (long began = Stopwatch.GetTimestamp(); ; await Task.Delay(50))
        {
            if (await StateAsync() == HttpStatusCode.OK)
            {
                return;
            }
            if (Process.HasExited || Stopwatch.GetElapsedTime(began).TotalSeconds > seconds)
            {
                throw new TimeoutException($"Not ready{(Process.HasExited ? ": it has ended" : $" after {seconds} s")}.\n{Process.Out}\n{Process.Error}");
            }
        }
    }

    /// <summary>What /readyz says; null while nobody listens.</summary>
    public async Task<HttpStatusCode?> StateAsync()
    {
        try
        {
            return (HttpStatusCode)(await Api.GetAsync("/readyz")).Status;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public ValueTask DisposeAsync()
    {
        Api.Dispose();
        return Process.DisposeAsync();
    }
}

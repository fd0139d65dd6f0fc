using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Crash;

/// <summary>
/// Two processes and a broker under load, killed at random: the host (gateway, ingestion, compression), the worker (encoder), RabbitMQ. Each comes again at once; sometimes it is killed again before it is ready.
/// </summary>
internal sealed class CrashRun : IAsyncDisposable
{
    private const int Documents = 240;
    private readonly Random _random;
    private readonly BrokerNode _broker;
    private readonly TempFolder _folder = new(), _workerFolder = new();
    private readonly int _hostPort = Ports.Free(), _workerPort = Ports.Free(), _seed;
    private readonly int[] _kills = new int[3];
    private ServerProcess _host, _worker;

    private CrashRun(int seed, BrokerNode broker)
    {
        (_seed, _broker, _random) = (seed, broker, new Random(seed));
        (_worker, _host) = (StartWorker(), StartHost());
    }

    /// <summary>Kills of host, worker and broker.</summary>
    public string Kills => $"{_kills[0]} of the host, {_kills[1]} of the worker, {_kills[2]} of the broker";

    /// <summary>Kills, lets everything settle, and checks. Returns how many changes were acknowledged.</summary>
    public static async Task<(int Acknowledged, string Kills)> RunAsync(int seed, int kills, BrokerNode broker)
    {
        await using CrashRun run = new(seed, broker);
        return (await run.RunAsync(kills), run.Kills);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _worker.DisposeAsync();
        _folder.Dispose();
        _workerFolder.Dispose();
    }

    private async Task<int> RunAsync(int kills)
    {
        await _host.ReadyAsync();
        (await _host.Api.PutAsync($"/v1/collections/{ChangingDocuments.Collection}")).Status.ShouldBe(201);
        ChangingDocuments documents = new(Documents, _seed);
        using CancellationTokenSource stop = new();
        using ApiClient client = new(_host.Address);
        Task load = documents.RunAsync(client, stop.Token);
        for (int kill = 0; kill < kills && !load.IsCompleted; kill++)
        {
            await Task.Delay(_random.Next(20, 700));
            await KillAsync(_random.Next(20));
        }
        await stop.CancelAsync();
        await load;
        string because = $"seed {_seed}, {Kills}";
        await _worker.ReadyAsync(120);
        await _host.ReadyAsync(120);
        await SettledAsync(because);
        ChangedDocumentsCheck check = new(documents, because);
        await check.HoldsAsync(_host.Api);
        _host.Process.Terminate();
        (await _host.Process.ExitAsync(40)).Code.ShouldBe(0, because);
        check.HoldsInRows(Path.Combine(_folder.Path, "data"));
        return documents.Acknowledged;
    }

    /// <summary>A broker takes seconds to start, so that it is killed less often.</summary>
    private async Task KillAsync(int lot)
    {
        bool waits = _random.Next(4) > 0;
        if (lot < 10)
        {
            _kills[0]++;
            await _host.Process.KillAsync();
            await _host.DisposeAsync();
            _host = StartHost();
            await (waits ? _host.ReadyAsync(120) : Task.CompletedTask);
        }
        else if (lot < 18)
        {
            _kills[1]++;
            await _worker.Process.KillAsync();
            await _worker.DisposeAsync();
            _worker = StartWorker();
            await (waits ? _worker.ReadyAsync(120) : Task.CompletedTask);
        }
        else
        {
            _kills[2]++;
            await _broker.KillAsync();
            await _broker.StartAgainAsync(CancellationToken.None);
        }
    }

    /// <summary>A worker that is away counts as no fault of a document, so that only crashes count here: they are many.</summary>
    private ServerProcess StartHost() => ServerProcess.Start(_folder.Path, _hostPort, "--roles", "gateway,ingestion,compression", "--Peers:Encoder:Urls:0", $"http://127.0.0.1:{_workerPort}",
        "--Queue:Transport", "rabbitmq", "--Queue:Url", _broker.Url, "--Ingestion:MaxAttempts", "100", "--Ingestion:RetrySeconds", "0.1", "--Storage:Index:SealRows", "20");

    private ServerProcess StartWorker() => ServerProcess.Start(_workerFolder.Path, _workerPort, "--roles", "encoder", "--Encoder:Threads", "1");

    private async Task SettledAsync(string because)
    {
        for (int polls = 0; (await _host.Api.GetAsync($"/v1/collections/{ChangingDocuments.Collection}")).Json.Int("openJobs") > 0; polls++)
        {
            polls.ShouldBeLessThan(1200, $"jobs are still open, {because}\n{_host.Process.Error}");
            await Task.Delay(100);
        }
    }
}

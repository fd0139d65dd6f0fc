using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Retrieval.Tests.Data;

/// <summary>
/// A RabbitMQ node of one test: Debian's rabbitmq-server on free loopback ports, with a folder, a cookie and a port mapper of its own, so that it meets no other node. It can be killed and started
/// again with what it has on its disk.
/// </summary>
internal sealed class BrokerNode : IAsyncDisposable
{
    private const string Program = "/usr/lib/rabbitmq/bin/rabbitmq-server", PortMapper = "/usr/bin/epmd";
    private const int SecondsToStart = 300; // three on a quiet machine
    private readonly string _folder = Directory.CreateTempSubdirectory("retrieval-broker-").FullName;
    private readonly int _port, _mapperPort, _clusterPort;
    private Process? _mapper, _node;

    private BrokerNode(int port, int mapperPort, int clusterPort) => (_port, _mapperPort, _clusterPort) = (port, mapperPort, clusterPort);

    /// <summary>Why there can be none on this machine; null when there can.</summary>
    public static string? Missing => File.Exists(Program) && File.Exists(PortMapper) ? null : "Optional: rabbitmq-server is not installed (apt-get install rabbitmq-server).";

    /// <summary>Its address with user and password.</summary>
    public string Url => $"amqp://guest:guest@127.0.0.1:{_port}/";

    /// <summary>A node that answers.</summary>
    public static async Task<BrokerNode> StartAsync(CancellationToken cancellationToken)
    {
        BrokerNode broker = Prepare();
        try
        {
            await broker.StartAgainAsync(cancellationToken);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    /// <summary>A node that does not run yet; its address is known.</summary>
    public static BrokerNode Prepare()
    {
        int[] ports = FreePorts(3);
        return new BrokerNode(ports[0], ports[1], ports[2]);
    }

    /// <summary>Starts it and waits until it answers.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        _mapper ??= Process.Start(Info(PortMapper, "-port", $"{_mapperPort}", "-address", "127.0.0.1"))!;
        File.WriteAllText(Path.Combine(_folder, "plugins"), "[].");
        _node = Process.Start(Info(Program))!;
        StringBuilder output = new(); // read all the time, since a full pipe would stop the node
        DataReceivedEventHandler read = (_, line) =>
        {
            lock (output)
            {
                output.AppendLine(line.Data);
            }
        };
        _node.OutputDataReceived += read;
        _node.ErrorDataReceived += read;
        _node.BeginOutputReadLine();
        _node.BeginErrorReadLine();
        for (long began = Stopwatch.GetTimestamp(); !await AnswersAsync(cancellationToken); await Task.Delay(100, cancellationToken))
        {
            if (_node.HasExited || Stopwatch.GetElapsedTime(began).TotalSeconds > SecondsToStart)
            {
                lock (output)
                {
                    throw new InvalidOperationException($"The broker did not start{(_node.HasExited ? "" : $" within {SecondsToStart} s")}: {output}");
                }
            }
        }
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _node!.Kill(entireProcessTree: true);
        await _node.WaitForExitAsync();
        _node.Dispose();
        _node = null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Process process in new[] { _node, _mapper }.OfType<Process>())
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }
            process.Dispose();
        }
        (_node, _mapper) = (null, null);
        Directory.Delete(_folder, true);
    }

    /// <summary>The greeting of AMQP 0-9-1: to a header it answers with a frame of type 1.</summary>
    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            using TcpClient client = new();
            await client.ConnectAsync(IPAddress.Loopback, _port, cancellationToken);
            await client.GetStream().WriteAsync("AMQP\0\0\u0009\u0001"u8.ToArray(), cancellationToken);
            byte[] first = new byte[1];
            return await client.GetStream().ReadAsync(first, cancellationToken) == 1 && first[0] == 1;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    private ProcessStartInfo Info(string program, params string[] arguments)
    {
        ProcessStartInfo info = new(program, arguments) { WorkingDirectory = _folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        (string Name, string Value)[] environment =
        [
            ("HOME", _folder), ("ERL_EPMD_PORT", $"{_mapperPort}"), ("ERL_EPMD_ADDRESS", "127.0.0.1"),
            ("RABBITMQ_NODENAME", $"retrieval-{_port}@localhost"), ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1"), ("RABBITMQ_NODE_PORT", $"{_port}"), ("RABBITMQ_DIST_PORT", $"{_clusterPort}"),
            ("RABBITMQ_MNESIA_BASE", Path.Combine(_folder, "mnesia")), ("RABBITMQ_LOG_BASE", Path.Combine(_folder, "log")), ("RABBITMQ_LOGS", "-"), ("RABBITMQ_PID_FILE", Path.Combine(_folder, "pid")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", Path.Combine(_folder, "plugins")), ("RABBITMQ_CONFIG_FILE", Path.Combine(_folder, "none")), ("RABBITMQ_CONF_ENV_FILE", Path.Combine(_folder, "none")),
            // One scheduler and few threads: a test's node has little to do, and starts faster beside others.
            ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "+S 1:1 +sbwt none"),
        ];
        foreach ((string name, string value) in environment)
        {
            info.Environment[name] = value;
        }
        return info;
    }

    private static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        Array.ForEach(listeners, l => l.Start());
        int[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        Array.ForEach(listeners, l => l.Stop());
        return ports;
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Retrieval.Encoder;
using Retrieval.IntegrationTests.Server;
using Retrieval.Onnx;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Crash;

/// <summary>kill -9 while a model's upgrade is compiled: nothing that is left is taken for a graph, and the next start works.</summary>
public sealed class CompileKillTests(ITestOutputHelper output) : IDisposable
{
    private const int Kills = 8, LongestWait = 180_000;

    private readonly TempFolder _folder = new();

    private string Compiled => _folder["compiled"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Eight_kills_leave_whole_graphs_only_and_the_next_start_serves()
    {
        int seed = Environment.GetEnvironmentVariable("RETRIEVAL_TEST_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : 20_261_125;
        string model = Shared.Require("models", "bge-small-en-v1.5");
        output.WriteLine($"seed {seed} (RETRIEVAL_TEST_SEED sets another)");
        Random random = new(seed);
        for (int round = 0; round < Kills; round++)
        {
            // Every other kill comes at any time of a start; the others when so much of the graph is written, or all of it.
            Upgrade(model, round);
            ServerProcess server = Start();
            await using (server)
            {
                await (round % 2 == 0 ? Task.Delay(random.Next(2000)) : WrittenAsync(server, random.NextInt64(new FileInfo(ModelFolder.Read(model).Graph).Length)));
                await server.Process.KillAsync();
            }
            output.WriteLine($"round {round}: {string.Join(", ", Left().Select(f => $"{Path.GetExtension(f)} {new FileInfo(f).Length}"))}");
        }
        Upgrade(model, Kills - 1);
        await using (ServerProcess last = Start())
        {
            await last.ReadyAsync(LongestWait / 1000);
            (await last.Api.PostJsonAsync("/embed", """{"inputs":"a text"}""")).Status.ShouldBe(200);
        }
        Left().ShouldAllBe(f => !f.EndsWith(".part", StringComparison.Ordinal));
        RequireWhole(model);
    }

    private IEnumerable<string> Arguments => ["--Encoder:Models:0:Path", _folder["model"], "--Encoder:CompiledFolder", Compiled, "--Encoder:Provider", "cpu", "--Encoder:Calibrate", "false"];

    private string[] Left() => Directory.Exists(Compiled) ? Directory.GetFiles(Compiled) : [];

    private ServerProcess Start() => ServerProcess.Start(_folder.Path, Ports.Free(), Arguments);

    /// <summary>A temperature of its own for each round: each has something to compile.</summary>
    private void Upgrade(string model, int round) => _folder.Write("model/retrieval.json", $$"""{"version":1,"model":"{{model}}","passes":[{"pass":"tempScale","temperature":{{Temperature(round)}}}]}""");

    private static string Temperature(int round) => (0.9 + (round / 100.0)).ToString(CultureInfo.InvariantCulture);

    /// <summary>Waits until so many bytes of a graph are written, or the server does not write any more.</summary>
    private async Task WrittenAsync(ServerProcess server, long bytes)
    {
        int before = Graphs();
        for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began).TotalMilliseconds < LongestWait && !server.Process.HasExited && Graphs() == before; await Task.Delay(1))
        {
            if (Left().Any(f => f.EndsWith($".{server.Process.Id}.part", StringComparison.Ordinal) && new FileInfo(f) is { Exists: true } part && part.Length > bytes))
            {
                return;
            }
        }
    }

    private int Graphs() => Left().Count(f => f.EndsWith(".onnx", StringComparison.Ordinal));

    /// <summary>Every graph that is there under its name has the bytes of an undisturbed compilation.</summary>
    private void RequireWhole(string model)
    {
        ModelFolder source = ModelFolder.Read(model);
        string hash = OnnxModelInfo.Read(source.Graph).Hash;
        int whole = 0;
        for (int round = 0; round < Kills; round++)
        {
            Upgrade(model, round);
            CompiledGraph clean = CompiledGraph.Find(source, hash, RetrievalFile.Read(_folder["model"]).Passes, _folder["clean"]);
            string kept = Path.Combine(Compiled, Path.GetFileName(clean.Path));
            if (File.Exists(kept))
            {
                whole++;
                SHA256.HashData(File.ReadAllBytes(kept)).ShouldBe(SHA256.HashData(File.ReadAllBytes(clean.Path)), kept);
            }
            File.Delete(clean.Path);
        }
        output.WriteLine($"{whole} of {Kills} graphs are there, all of them whole");
        whole.ShouldBeGreaterThan(0);
        Graphs().ShouldBe(whole);
    }
}

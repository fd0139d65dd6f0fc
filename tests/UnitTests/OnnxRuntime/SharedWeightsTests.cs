using System.Diagnostics;
using System.Globalization;
using Retrieval.Onnx;
using Retrieval.OnnxRuntime;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.OnnxRuntime;

public sealed class SharedWeightsTests
{
    private const string Ask = "RETRIEVAL_TEST_RESIDENT";
    private static readonly int[] Exits = [2, 3, 4, 6];

    [Theory]
    [InlineData("leaf-mini-en")]
    public void Exits_over_shared_weights_give_the_vectors_of_exits_with_their_own(string model)
    {
        using TemporaryFolder folder = new();
        OnnxModel source = Source(model);
        using ExitSessions shared = new(source, folder, Exits);
        foreach ((int exit, EncoderSession session) in Exits.Zip(shared.Sessions))
        {
            new Exit(exit).Apply(source).Write(folder["own.onnx"]);
            using EncoderSession own = EncoderSession.Open(folder["own.onnx"], 1, ExecutionProvider.Cpu);
            float[] expected = Run(own), actual = Run(session);
            actual.Zip(expected, (a, e) => Math.Abs(a - e)).Max().ShouldBeLessThan(2e-5f, $"exit {exit}");
        }
    }

    [Theory]
    [InlineData("leaf-mini-en")]
    [InlineData("bge-small-en-v1.5")]
    public async Task All_exits_together_take_little_more_memory_than_the_model(string model)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Optional: resident memory is read from Linux's /proc.");
        Shared.Require("models", model);
        long whole = await ResidentAsync($"{model} whole"), exits = await ResidentAsync($"{model} exits");
        TestContext.Current.TestOutputHelper!.WriteLine($"{model}: the model {whole >> 10} KiB, its exits {exits >> 10} KiB");
        ((double)exits / whole).ShouldBeLessThan(1.2, $"the model alone takes {whole >> 10} KiB, all exits {exits >> 10} KiB");
    }

    /// <summary>The measurement, in a process that does nothing else.</summary>
    [Fact]
    public void Resident_memory_of_what_the_parent_asks_for()
    {
        string[] asked = Environment.GetEnvironmentVariable(Ask)?.Split(' ') ?? [];
        Assert.SkipWhen(asked.Length == 0, "Optional: runs in the process that the test above starts.");
        using TemporaryFolder folder = new();
        OnnxModel source = Source(asked[0]);
        source.Write(folder["whole.onnx"]);
        using EncoderSession tiny = Tiny(folder);
        Run(tiny); // the runtime itself is loaded and has run
        long before = Resident();
        if (asked[1] == "whole")
        {
            using EncoderSession session = EncoderSession.Open(folder["whole.onnx"], 1, ExecutionProvider.Cpu);
            Run(session);
            Answer(asked[2], Resident() - before);
        }
        else
        {
            using ExitSessions exits = new(source, folder, asked[0] == "leaf-mini-en" ? Exits : [4, 8, 12]);
            exits.Sessions.ToList().ForEach(s => Run(s));
            Answer(asked[2], Resident() - before);
        }
    }

    private static EncoderSession Tiny(TemporaryFolder folder)
    {
        OnnxModel.Read(Path.Combine(Shared.Require("golden", "bert"), "ts-sdpa-17.onnx")).Write(folder["tiny.onnx"]);
        return EncoderSession.Open(folder["tiny.onnx"], 1, ExecutionProvider.Cpu);
    }

    private static void Answer(string file, long bytes) => File.WriteAllText(file, bytes.ToString(CultureInfo.InvariantCulture));

    private static async Task<long> ResidentAsync(string what)
    {
        using TemporaryFolder folder = new();
        using Process process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["-method", $"*{nameof(Resident_memory_of_what_the_parent_asks_for)}"])
        {
            Environment = { [Ask] = $"{what} {folder["answer"]}", ["DOTNET_gcServer"] = "0" },
            RedirectStandardOutput = true,
        })!;
        string said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        File.Exists(folder["answer"]).ShouldBeTrue(said);
        return long.Parse(await File.ReadAllTextAsync(folder["answer"], TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
    }

    private static long Resident()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, true, true);
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmRSS", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) << 10;
    }

    private static OnnxModel Source(string model) => OnnxModel.Read(Path.Combine(Shared.Require("models", model), "onnx", "model.onnx"));

    private static float[] Run(EncoderSession session)
    {
        const int Tokens = 12;
        long[] ids = [.. Enumerable.Range(0, Tokens).Select(i => 20L + i)], ones = [.. Enumerable.Repeat(1L, Tokens)];
        return session.Run([.. session.Inputs.Select(n => (n, n switch { "input_ids" => ids, "attention_mask" => ones, _ => new long[Tokens] }))], 1, Tokens, "last_hidden_state", (values, _) => values.ToArray());
    }

    private sealed class ExitSessions : IDisposable
    {
        private readonly SharedWeights _weights;

        public ExitSessions(OnnxModel source, TemporaryFolder folder, int[] exits)
        {
            source.Write(folder["graph.onnx"], "graph.weights");
            OnnxModel model = OnnxModel.Read(folder["graph.onnx"]);
            _weights = new SharedWeights(folder["graph.weights"], model.LargeWeights.Select(w => new SharedWeight(w.Name, w.ElementType, w.Shape, w.Place.Offset, w.Place.Length)));
            Sessions = [.. exits.Select(e => EncoderSession.Open(new Exit(e).Apply(model).ToGraph(), _weights, 1))];
            _weights.Trim();
        }

        public IReadOnlyList<EncoderSession> Sessions { get; }

        public void Dispose()
        {
            Sessions.ToList().ForEach(s => s.Dispose());
            _weights.Dispose();
        }
    }
}

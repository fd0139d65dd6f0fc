using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Encoder.Serving;

public sealed class RunShapeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_measured_once_is_kept_for_the_next_start()
    {
        Assert.SkipWhen(Environment.ProcessorCount == 1, "Optional: one processor, so nothing to choose");
        string model = TableModel.Write(_folder["m"]);
        string first = Runs(model, new EncoderOptions());
        first.ShouldContain("measured");
        string file = Directory.GetFiles(_folder["compiled"], "*.runs").ShouldHaveSingleItem();
        Runs(model, new EncoderOptions()).ShouldBe(first);

        await File.WriteAllTextAsync(file, "1 3 kept", TestContext.Current.CancellationToken);
        Runs(model, new EncoderOptions()).ShouldBe("1 at once, 3 threads (kept)");
        await File.WriteAllTextAsync(file, "many of them", TestContext.Current.CancellationToken);
        Runs(model, new EncoderOptions()).ShouldContain("measured");
    }

    [Fact]
    public void Options_decide_and_nothing_is_measured()
    {
        string model = TableModel.Write(_folder["m"]);
        Runs(model, new EncoderOptions { Threads = 3 }).ShouldBe("3 at once, 1 thread (set)");
        Runs(model, new EncoderOptions { Threads = 1, RunThreads = 2 }).ShouldBe("1 at once, 2 threads (set)");
        Runs(model, new EncoderOptions { Calibrate = false }).ShouldBe($"{Environment.ProcessorCount} at once, 1 thread (usual)");
        Directory.Exists(_folder["compiled"]).ShouldBeFalse();
    }

    [Fact]
    public async Task However_many_runs_and_threads_the_bits_are_the_same()
    {
        string model = TestData.DefaultModel;
        Random random = new(3);
        string[] texts = [.. Enumerable.Range(0, 60).Select(_ => TableModel.Text(random.Next(1, 40), random))];
        List<IReadOnlyList<float[]>> all = [];
        foreach ((int runs, int threads) in ((int, int)[])[(1, 1), (3, 1), (1, 2), (2, 3)])
        {
            using LocalEncoder encoder = Load(model, new EncoderOptions { Threads = runs, RunThreads = threads });
            all.Add((await encoder.EmbedAsync(new EmbedRequest(texts), TestContext.Current.CancellationToken)).Vectors);
        }
        foreach (IReadOnlyList<float[]> vectors in all)
        {
            vectors.ShouldBe(all[0]);
        }
    }

    private string Runs(string model, EncoderOptions options)
    {
        using LocalEncoder encoder = Load(model, options);
        return encoder.Registry.List().Models[0].Runs!;
    }

    private LocalEncoder Load(string model, EncoderOptions o) => LocalEncoder.Load(new EncoderOptions
    {
        Models = [new ModelOptions { Path = model }], Provider = "cpu", Threads = o.Threads, RunThreads = o.RunThreads, Calibrate = o.Calibrate, CacheBytes = 0, CompiledFolder = _folder["compiled"],
    }, NullLogger.Instance);
}

using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Encoder.Serving;

public sealed class ModelRegistryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken None => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_that_cannot_be_loaded_is_told_and_the_others_are_served()
    {
        string good = TableModel.Write(_folder["good"]), bad = TableModel.Write(_folder["bad"], seed: 2);
        File.Delete(Path.Combine(bad, "model.onnx"));
        using LocalEncoder encoder = Load(new EncoderOptions { Models = [Model(good), Model(bad)] });
        encoder.Failures.ShouldHaveSingleItem().ShouldStartWith("bad: ");
        (await encoder.EmbedAsync(new EmbedRequest(["w1"]), None)).Vectors.Count.ShouldBe(1);
        RetrievalException refused = await Should.ThrowAsync<RetrievalException>(() => encoder.EmbedAsync(new EmbedRequest(["w1"], Model: "bad"), None));
        (refused.Problem.Kind, refused.Message.Contains("model.onnx", StringComparison.Ordinal)).ShouldBe((ErrorKind.Unavailable, true), refused.Message);

        TableModel.Write(bad, seed: 2); // repaired
        (await encoder.Registry.LoadAsync("bad", None)).State.ShouldBe("loaded");
        encoder.Failures.ShouldBeEmpty();
        (await encoder.EmbedAsync(new EmbedRequest(["w1"], Model: "bad"), None)).Vectors.Count.ShouldBe(1);
    }

    [Fact]
    public void A_start_without_its_default_model_fails()
    {
        string good = TableModel.Write(_folder["good"]);
        Should.Throw<RetrievalException>(() => Load(new EncoderOptions { Models = [Model(_folder["nowhere"]), Model(good)] })).Message.ShouldContain(_folder["nowhere"]);
    }

    [Fact]
    public void Two_models_of_one_name_are_refused() =>
        Should.Throw<RetrievalException>(() => Load(new EncoderOptions { Models = [Model(TableModel.Write(_folder["a"])), new ModelOptions { Path = TableModel.Write(_folder["b"]), Name = "a" }] })).Message.ShouldContain("Two models are called 'a'");

    [Fact]
    public async Task Over_the_budget_the_model_that_was_not_used_for_longest_goes_and_comes_back_when_it_is_asked_for()
    {
        string[] folders = [.. Enumerable.Range(0, 3).Select(i => TableModel.Write(_folder[$"m{i}"], seed: i))];
        long one = new FileInfo(Path.Combine(folders[0], "model.onnx")).Length;
        ManualClock clock = new();
        using LocalEncoder encoder = LocalEncoder.Load(new EncoderOptions { Models = [.. folders.Select(Model)], Provider = "cpu", Threads = 1, ModelBytes = one * 5 / 2 }, NullLogger.Instance, clock);
        States(encoder).ShouldBe(["loaded", "loaded", "unloaded"]);
        float[] before = await VectorAsync(encoder, "m1");

        clock.Advance(TimeSpan.FromSeconds(1));
        float[] other = await VectorAsync(encoder, "m2");
        other.ShouldNotBe(before);
        States(encoder).ShouldBe(["loaded", "unloaded", "loaded"]);
        (await encoder.DescribeAsync("m1", None)).Space.Dimensions.ShouldBe(8); // told without loading it
        States(encoder).ShouldBe(["loaded", "unloaded", "loaded"]);

        (await VectorAsync(encoder, "m1")).ShouldBe(before);
        States(encoder).ShouldBe(["loaded", "loaded", "unloaded"]);
        encoder.Registry.List().Bytes.ShouldBe(2 * one);
    }

    [Fact]
    public async Task A_model_that_a_request_holds_is_not_driven_out_and_one_that_never_fits_is_refused()
    {
        string[] folders = [.. Enumerable.Range(0, 3).Select(i => TableModel.Write(_folder[$"m{i}"], seed: i))];
        long one = new FileInfo(Path.Combine(folders[0], "model.onnx")).Length;
        using LocalEncoder encoder = Load(new EncoderOptions { Models = [.. folders.Select(Model)], ModelBytes = one * 5 / 2 });
        using (await encoder.Registry.LeaseAsync("m1", None))
        {
            (await Should.ThrowAsync<RetrievalException>(() => VectorAsync(encoder, "m2"))).Problem.Kind.ShouldBe(ErrorKind.Overloaded);
        }
        (await VectorAsync(encoder, "m2")).Length.ShouldBe(8);

        using LocalEncoder small = Load(new EncoderOptions { Models = [.. folders.Select(Model)], ModelBytes = one / 2 });
        States(small).ShouldBe(["loaded", "unloaded", "unloaded"]);
        (await Should.ThrowAsync<RetrievalException>(() => VectorAsync(small, "m1"))).Problem.Kind.ShouldBe(ErrorKind.TooLarge);
    }

    [Fact]
    public async Task Models_are_added_and_removed_while_requests_run()
    {
        using LocalEncoder encoder = Load(new EncoderOptions { Models = [Model(TableModel.Write(_folder["first"]))] });
        string second = TableModel.Write(_folder["second"], seed: 2);
        ModelInfo added = await encoder.Registry.AddAsync(new ModelOptions { Path = second, Name = "other" }, None);
        (added.Name, added.State, added.IsDefault).ShouldBe(("other", "loaded", false));
        (await Should.ThrowAsync<RetrievalException>(() => encoder.Registry.AddAsync(new ModelOptions { Path = second, Name = "other" }, None))).Problem.Kind.ShouldBe(ErrorKind.Conflict);

        Random random = new(1);
        Task<EmbedResult>[] running = [.. Enumerable.Range(0, 50).Select(_ => encoder.EmbedAsync(new EmbedRequest([.. Enumerable.Range(0, 20).Select(_ => TableModel.Text(20, random))], Model: "other"), None))];
        encoder.Registry.Remove("other");
        foreach (EmbedResult result in await Task.WhenAll(running))
        {
            result.Vectors.Count.ShouldBe(20);
        }
        (await Should.ThrowAsync<RetrievalException>(() => VectorAsync(encoder, "other"))).Problem.Kind.ShouldBe(ErrorKind.NotFound);
        Should.Throw<RetrievalException>(() => encoder.Registry.Remove("first")).Problem.Kind.ShouldBe(ErrorKind.Conflict);
        Should.Throw<RetrievalException>(() => encoder.Registry.Unload("first")).Problem.Kind.ShouldBe(ErrorKind.Conflict);

        // One that cannot be loaded leaves no trace.
        await Should.ThrowAsync<RetrievalException>(() => encoder.Registry.AddAsync(Model(_folder["nowhere"]), None));
        encoder.Models.ShouldBe(["first"]);
    }

    [Fact]
    public async Task The_graph_of_a_folder_may_be_named_and_gives_a_space_of_its_own()
    {
        string folder = TableModel.Write(_folder["m"]), half = TableModel.Write(_folder["half"], type: 10);
        File.Move(Path.Combine(half, "model.onnx"), Path.Combine(folder, "model_fp16.onnx"));
        using LocalEncoder encoder = Load(new EncoderOptions { Models = [Model(folder), new ModelOptions { Path = folder, Name = "half", Graph = "model_fp16.onnx" }] });
        (await encoder.DescribeAsync("half", None)).Space.Id.ShouldNotBe((await encoder.DescribeAsync("m", None)).Space.Id);
        float[] single = await VectorAsync(encoder, "m"), rounded = await VectorAsync(encoder, "half");
        rounded.ShouldNotBe(single);
        for (int i = 0; i < single.Length; i++)
        {
            rounded[i].ShouldBe(single[i], 2e-3f);
        }
        Should.Throw<RetrievalException>(() => Load(new EncoderOptions { Models = [new ModelOptions { Path = folder, Graph = "model_fp8.onnx" }] })).Message.ShouldContain("model_fp16.onnx");
    }

    private static ModelOptions Model(string folder) => new() { Path = folder };

    private static LocalEncoder Load(EncoderOptions options) => LocalEncoder.Load(
        new EncoderOptions { Models = options.Models, ModelBytes = options.ModelBytes, Provider = "cpu", Threads = 1, CacheBytes = 0 }, NullLogger.Instance);

    private static string[] States(LocalEncoder encoder) => [.. encoder.Registry.List().Models.Select(m => m.State)];

    private static async Task<float[]> VectorAsync(LocalEncoder encoder, string model) => (await encoder.EmbedAsync(new EmbedRequest(["w1 w2 w3"], Model: model), None)).Vectors[0];
}

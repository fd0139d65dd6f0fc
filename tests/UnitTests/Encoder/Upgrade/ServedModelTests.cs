using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Onnx;
using Retrieval.Tests.Data;
using Retrieval.UnitTests.Onnx;
using Retrieval.Vectors;

namespace Retrieval.UnitTests.Encoder.Upgrade;

/// <summary>Upgrades and asymmetric pairs as they are served.</summary>
public sealed class ServedModelTests : IDisposable
{
    private static readonly string[] Few = TinyModel.Texts(8, 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_compiled_graph_gives_what_its_passes_compute_and_is_compiled_once()
    {
        string model = TinyModel.Write(_folder["model"]), plain = TinyModel.Write(_folder["plain"]);
        Upgrade(model, """{"pass":"latentAttention","weights":"heads.npz","prefix":"nv.","heads":4}""");
        (string space, float[] vector) = await EmbedAsync(model);
        string compiled = Directory.GetFiles(_folder["compiled"], "*.onnx").ShouldHaveSingleItem();
        DateTime written = File.GetLastWriteTimeUtc(compiled);
        (await EmbedAsync(model)).ShouldSatisfyAllConditions(again => again.Space.ShouldBe(space), again => again.Vector.ShouldBe(vector));
        File.GetLastWriteTimeUtc(compiled).ShouldBe(written);
        (string otherSpace, float[] other) = await EmbedAsync(plain);
        otherSpace.ShouldNotBe(space);
        Kernels.Dot(vector, other).ShouldBeLessThan(0.99f);
        Upgrade(model, """{"pass":"latentAttention","weights":"heads.npz","prefix":"nv.","heads":4,"folded":false}""");
        (_, float[] unfolded) = await EmbedAsync(model);
        Kernels.Dot(vector, unfolded).ShouldBe(1, 1e-5f);
    }

    [Theory]
    [InlineData("onnx/model.onnx")]
    [InlineData("heads.npz")]
    public async Task A_changed_byte_changes_the_space_and_the_compiled_file(string file)
    {
        string model = TinyModel.Write(_folder["model"]);
        Upgrade(model, """{"pass":"latentAttention","weights":"heads.npz","prefix":"nv.","heads":4}""");
        string before = (await EmbedAsync(model)).Space, path = Path.Combine(model, file);
        byte[] bytes = File.ReadAllBytes(path);
        // The lowest bits of a float in the middle of the weights.
        int at = bytes.Length / 2 / 4 * 4;
        bytes[at] ^= 1;
        File.WriteAllBytes(path, bytes);
        (await EmbedAsync(model)).Space.ShouldNotBe(before);
        Directory.GetFiles(_folder["compiled"], "*.onnx").Length.ShouldBe(2);
    }

    [Fact]
    public async Task A_compiled_file_that_was_cut_is_made_again_and_what_a_killed_process_left_is_no_compiled_file()
    {
        string model = TinyModel.Write(_folder["model"]);
        Upgrade(model, """{"pass":"latentAttention","weights":"heads.npz","prefix":"nv.","heads":4}""");
        (string space, float[] vector) = await EmbedAsync(model);
        string compiled = Directory.GetFiles(_folder["compiled"], "*.onnx").Single();
        byte[] whole = File.ReadAllBytes(compiled);
        File.WriteAllBytes(compiled, whole[..(whole.Length / 2)]);
        (await EmbedAsync(model)).ShouldSatisfyAllConditions(again => again.Space.ShouldBe(space), again => again.Vector.ShouldBe(vector));
        File.ReadAllBytes(compiled).ShouldBe(whole);
        File.Move(compiled, compiled + ".77.part");
        File.WriteAllBytes(compiled + ".77.part", whole[..100]);
        (await EmbedAsync(model)).Vector.ShouldBe(vector);
    }

    [Fact]
    public void A_pass_that_does_not_apply_is_refused_and_leaves_nothing()
    {
        string model = TinyModel.Write(_folder["model"]);
        Safetensors.Write(Path.Combine(model, "w.safetensors"), [.. Npz.Read(Shared.Require("golden", "heads", "heads.npz")).Keys.Where(k => k.StartsWith("nv.", StringComparison.Ordinal)).Select(k => new WeightTensor(k, [1], [0]))]);
        Upgrade(model, """{"pass":"latentAttention","weights":"w.safetensors","prefix":"nv.","heads":4}""");
        Should.Throw<RetrievalException>(() => LocalEncoder.Load(TinyModel.Options(_folder["compiled"], model), NullLogger.Instance)).Message.ShouldContain("'nv.latents' of 1; n x n is needed");
        (Directory.Exists(_folder["compiled"]) ? Directory.GetFiles(_folder["compiled"]) : []).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_int8_upgrade_is_near_the_model_and_its_calibration_text_is_part_of_its_id()
    {
        string model = TinyModel.Write(_folder["model"]);
        (_, float[] plain) = await EmbedAsync(model);
        File.WriteAllLines(Path.Combine(model, "texts.txt"), TinyModel.Texts(30, 8));
        Upgrade(model, """{"pass":"int8","texts":"texts.txt"}""");
        (string space, float[] vector) = await EmbedAsync(model);
        Kernels.Dot(vector, plain).ShouldBeGreaterThan(0.98f);
        vector.ShouldNotBe(plain);
        File.WriteAllLines(Path.Combine(model, "texts.txt"), TinyModel.Texts(30, 9));
        (await EmbedAsync(model)).Space.ShouldNotBe(space);
    }

    [Fact]
    public async Task An_exit_with_its_own_dense_layer_is_served_and_one_without_is_refused()
    {
        string model = TinyModel.Write(_folder["model"], dense: Random(48, 64, 6));
        Safetensors.Write(Path.Combine(model, "exit.safetensors"), [Random(32, 64, 7) with { Name = "linear.weight" }]);
        Upgrade(model, """{"pass":"exit","layer":2,"dense":"exit.safetensors"}""");
        using (LocalEncoder encoder = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], model), NullLogger.Instance))
        {
            VectorSpace space = (await encoder.DescribeAsync(null, CancellationToken.None)).Space;
            (space.Layer, space.Dimensions).ShouldBe((2, 32));
        }
        Upgrade(model, """{"pass":"exit","layer":2}""");
        Refusal(model).ShouldContain("leaves after layer 2, but the model has a dense layer behind its last one");
        Upgrade(model, """{"pass":"exit","layer":5,"dense":"exit.safetensors"}""");
        Refusal(model).ShouldContain("exit 5 does not exist; the model has layers 1 to 4");
        Safetensors.Write(Path.Combine(model, "exit.safetensors"), [Random(32, 65, 7) with { Name = "linear.weight" }]);
        Upgrade(model, """{"pass":"exit","layer":2,"dense":"exit.safetensors"}""");
        Refusal(model).ShouldContain("is a dense layer of 65 inputs behind 64 numbers");
    }

    [Fact]
    public async Task An_instruction_is_left_out_of_the_mean_as_the_authors_do_or_strictly()
    {
        string model = TinyModel.Write(_folder["model"], "ts-eager-14.onnx");
        string prompt = string.Join(' ', TinyModel.Words[..3]) + " ";
        File.WriteAllText(Path.Combine(model, "config_sentence_transformers.json"), $$"""{"prompts":{"query":"{{prompt}}"} }""");
        float[] tokens;
        using (LocalEncoder plain = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], model), NullLogger.Instance))
        {
            // Raw text with the prompt in it: the same tokens, all of them pooled.
            tokens = (await plain.EmbedAsync(new EmbedRequest([prompt + Few[0]]), CancellationToken.None)).Vectors[0];
            (await plain.EmbedAsync(new EmbedRequest([Few[0]], InputKind.Query), CancellationToken.None)).Vectors[0].ShouldBe(tokens);
        }
        Feed feed = Feed(model, prompt + Few[0]);
        foreach ((string mode, int leftOut) in ((string, int)[])[("official", 3), ("strict", 4)])
        {
            File.WriteAllText(Path.Combine(model, "retrieval.json"), $$"""{"version":1,"instruction":"{{mode}}"}""");
            using LocalEncoder encoder = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], model), NullLogger.Instance);
            float[] actual = (await encoder.EmbedAsync(new EmbedRequest([Few[0]], InputKind.Query), CancellationToken.None)).Vectors[0];
            using ModelRun run = new(VectorPasses.Normalize(PoolingPass.Apply(OnnxModel.Read(Path.Combine(model, "onnx", "model.onnx")), PoolingMode.Mean, mode == "official" ? InstructionMask.Official : InstructionMask.Strict)));
            Near.Largest(actual, run.Floats(feed with { More = new() { [PoolingPass.InstructionTokens] = ([3], [1]) } }, "sentence_embedding").Values).ShouldBeLessThan(1e-5, $"{mode} leaves out {leftOut}");
            actual.ShouldNotBe(tokens);
        }
    }

    private static Feed Feed(string model, string text)
    {
        long[] ids = [.. Retrieval.Tokenization.Tokenizer.Load(Path.Combine(model, "tokenizer.json")).Encode(text, true, null).Ids.Select(i => (long)i)];
        return new Feed(1, ids, [.. ids.Select(_ => 1L)], new long[ids.Length]);
    }

    private string Refusal(string model) => Should.Throw<RetrievalException>(() => LocalEncoder.Load(TinyModel.Options(_folder["compiled"], model), NullLogger.Instance)).Message;

    [Fact]
    public async Task Dimensions_keep_the_first_numbers_at_unit_length()
    {
        string model = TinyModel.Write(_folder["model"]);
        (string space, float[] all) = await EmbedAsync(model);
        File.WriteAllText(Path.Combine(model, "retrieval.json"), """{"version":1,"dimensions":16}""");
        (string cut, float[] first) = await EmbedAsync(model);
        cut.ShouldNotBe(space);
        float[] expected = all[..16];
        Kernels.Normalize(expected).ShouldBeTrue();
        Near.Largest(first, expected).ShouldBeLessThan(1e-6);
        File.WriteAllText(Path.Combine(model, "retrieval.json"), """{"version":1,"dimensions":65}""");
        Should.Throw<RetrievalException>(() => LocalEncoder.Load(TinyModel.Options(_folder["compiled"], model), NullLogger.Instance)).Message.ShouldContain("asks for 65 dimensions of vectors that have 64");
    }

    [Fact]
    public async Task An_aligned_pair_is_written_and_served_with_documents_by_the_teacher_and_queries_by_the_student()
    {
        string teacher = TinyModel.Write(_folder["teacher"]), student = TinyModel.Write(_folder["student"], "ts-eager-14.onnx", Random(48, 64, 2)), pair = _folder["pair"];
        string[] texts = TinyModel.Texts(400, 3);
        int encoded = 0;
        AlignmentReport report = await PairAlignment.RunAsync(new AlignmentRequest(teacher, student, texts, MapKind.Ridge, 0.3, pair), TinyModel.Options(_folder["compiled"]), () => encoded++, NullLogger.Instance, CancellationToken.None);
        report.Folder.ShouldBe(pair);
        encoded.ShouldBe(800);
        report.Maps[0].Measure.Cosine.Value.ShouldBeGreaterThan(0.9);
        using LocalEncoder served = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], pair), NullLogger.Instance), alone = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], teacher, Path.Combine(pair, "student")), NullLogger.Instance);
        float[] document = await VectorAsync(served, InputKind.Document, null), query = await VectorAsync(served, InputKind.Query, null), raw = await VectorAsync(served, InputKind.Raw, null);
        document.ShouldBe(await VectorAsync(alone, InputKind.Document, "teacher"));
        raw.ShouldBe(document);
        query.ShouldBe(await VectorAsync(alone, InputKind.Query, "student"));
        query.Length.ShouldBe(64);
        (await served.DescribeAsync(null, CancellationToken.None)).Space.ShouldBe((await alone.DescribeAsync("teacher", CancellationToken.None)).Space);
        File.ReadAllText(Path.Combine(pair, "student", "modules.json")).ShouldContain("4_Dense");
        Directory.GetFileSystemEntries(_folder.Path, "*.partial").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_pair_whose_student_changed_is_refused()
    {
        string teacher = TinyModel.Write(_folder["teacher"]), student = TinyModel.Write(_folder["student"], "ts-eager-14.onnx"), pair = _folder["pair"];
        await PairAlignment.RunAsync(new AlignmentRequest(teacher, student, TinyModel.Texts(60, 3), MapKind.None, 0, pair), TinyModel.Options(_folder["compiled"]), () => { }, NullLogger.Instance, CancellationToken.None);
        LocalEncoder.Load(TinyModel.Options(_folder["compiled"], pair), NullLogger.Instance).Dispose();
        File.WriteAllText(Path.Combine(student, "sentence_bert_config.json"), """{"max_seq_length":32}""");
        Should.Throw<RetrievalException>(() => LocalEncoder.Load(TinyModel.Options(_folder["compiled"], pair), NullLogger.Instance)).Message.ShouldContain("Measure again with 'retrieval model align'");
    }

    [Fact]
    public async Task A_pair_that_keeps_too_little_or_whose_place_is_taken_is_not_written()
    {
        string teacher = TinyModel.Write(_folder["teacher"]), student = TinyModel.Write(_folder["student"], dense: Random(64, 64, 4));
        AlignmentReport report = await PairAlignment.RunAsync(new AlignmentRequest(teacher, student, TinyModel.Texts(60, 3), MapKind.None, 0.99, _folder["pair"]), TinyModel.Options(_folder["compiled"]), () => { }, NullLogger.Instance, CancellationToken.None);
        report.Folder.ShouldBeNull();
        Path.Exists(_folder["pair"]).ShouldBeFalse();
        (await Should.ThrowAsync<RetrievalException>(() => PairAlignment.RunAsync(new AlignmentRequest(teacher, student, TinyModel.Texts(60, 3), MapKind.None, 0, teacher), TinyModel.Options(_folder["compiled"]), () => { }, NullLogger.Instance, CancellationToken.None)))
            .Message.ShouldContain("is there already");
    }

    [Fact]
    public async Task A_cancelled_alignment_leaves_nothing_behind()
    {
        string teacher = TinyModel.Write(_folder["teacher"]), student = TinyModel.Write(_folder["student"]);
        using CancellationTokenSource cancel = new();
        int encoded = 0;
        await Should.ThrowAsync<OperationCanceledException>(() => PairAlignment.RunAsync(new AlignmentRequest(teacher, student, TinyModel.Texts(200, 3), MapKind.Best, 0, _folder["pair"]), TinyModel.Options(_folder["compiled"]),
            () => { if (++encoded == 150) { cancel.Cancel(); } }, NullLogger.Instance, cancel.Token));
        Directory.GetFileSystemEntries(_folder.Path, "pair*").ShouldBeEmpty();
    }

    [Fact]
    public async Task Folders_that_say_something_of_their_own_are_refused_where_it_would_be_lost()
    {
        string model = TinyModel.Write(_folder["model"]), other = TinyModel.Write(_folder["other"]);
        Upgrade(model, """{"pass":"tempScale","temperature":0.9}""");
        (await Should.ThrowAsync<RetrievalException>(() => PairAlignment.RunAsync(new AlignmentRequest(model, other, TinyModel.Texts(60, 3), MapKind.None, 0, _folder["pair"]), TinyModel.Options(_folder["compiled"]), () => { }, NullLogger.Instance, CancellationToken.None)))
            .Message.ShouldContain("is an upgrade, a pair or a router. Name the folder of a model without retrieval.json");
        Directory.CreateDirectory(_folder["outer"]);
        File.WriteAllText(Path.Combine(_folder["outer"], "retrieval.json"), """{"version":1,"model":"../model"}""");
        Refusal(_folder["outer"]).ShouldContain("has a retrieval.json of its own");
        File.WriteAllText(Path.Combine(other, "1_Pooling", "config.json"), """{"pooling_mode_cls_token":true}""");
        File.WriteAllText(Path.Combine(other, "retrieval.json"), """{"version":1,"instruction":"strict"}""");
        Refusal(other).ShouldContain("the model's pooling is cls");
    }

    [Fact]
    public async Task A_router_folder_has_a_path_for_each_side()
    {
        string router = _folder["router"];
        Directory.CreateDirectory(router);
        TinyModel.Write(Path.Combine(router, "document_0_Transformer"));
        TinyModel.Write(Path.Combine(router, "query_0_Transformer"), "ts-eager-14.onnx");
        Route(router, 64);
        using LocalEncoder served = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], router), NullLogger.Instance), alone = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], TinyModel.Write(_folder["alone"])), NullLogger.Instance);
        float[] document = await VectorAsync(served, InputKind.Document, null), query = await VectorAsync(served, InputKind.Query, null);
        document.ShouldBe(await VectorAsync(alone, InputKind.Document, null));
        query.Length.ShouldBe(64);
        query.ShouldNotBe(document);
    }

    [Fact]
    public void A_router_whose_sides_have_other_dimensions_is_refused()
    {
        string router = _folder["router"];
        Directory.CreateDirectory(router);
        TinyModel.Write(Path.Combine(router, "document_0_Transformer"));
        TinyModel.Write(Path.Combine(router, "query_0_Transformer"));
        Route(router, 48);
        Should.Throw<RetrievalException>(() => LocalEncoder.Load(TinyModel.Options(_folder["compiled"], router), NullLogger.Instance)).Message.ShouldContain("pairs queries of 48 dimensions with documents of 64");
        File.WriteAllText(Path.Combine(router, "router_config.json"), """{"types":{},"structure":{"query":[],"image":[]},"parameters":{}}""");
        Should.Throw<RetrievalException>(() => LocalEncoder.Load(TinyModel.Options(_folder["compiled"], router), NullLogger.Instance)).Message.ShouldContain("routes query, image at structure");
    }

    /// <summary>A router's own files, as sentence-transformers writes them; the query's chain has a dense module.</summary>
    private static void Route(string folder, int outputs)
    {
        foreach (string pooling in (string[])["document_1_Pooling", "query_1_Pooling"])
        {
            Directory.CreateDirectory(Path.Combine(folder, pooling));
            File.WriteAllText(Path.Combine(folder, pooling, "config.json"), """{"pooling_mode_mean_tokens":true}""");
        }
        Directory.CreateDirectory(Path.Combine(folder, "query_2_Dense"));
        File.WriteAllText(Path.Combine(folder, "query_2_Dense", "config.json"), """{"bias":false,"activation_function":"torch.nn.modules.linear.Identity"}""");
        Safetensors.Write(Path.Combine(folder, "query_2_Dense", "model.safetensors"), [Random(outputs, 64, 5) with { Name = "linear.weight" }]);
        File.WriteAllText(Path.Combine(folder, "modules.json"), $"[{TinyModel.Entry("Router", "")},{TinyModel.Entry("Normalize", "1_Normalize")}]");
        File.WriteAllText(Path.Combine(folder, "router_config.json"), """
            {"types":{"query_0_Transformer":"sentence_transformers.models.Transformer.Transformer","query_1_Pooling":"sentence_transformers.models.Pooling.Pooling","query_2_Dense":"sentence_transformers.models.Dense.Dense",
            "document_0_Transformer":"sentence_transformers.models.Transformer.Transformer","document_1_Pooling":"sentence_transformers.models.Pooling.Pooling"},
            "structure":{"query":["query_0_Transformer","query_1_Pooling","query_2_Dense"],"document":["document_0_Transformer","document_1_Pooling"]},
            "parameters":{"default_route":"document","allow_empty_key":true}}
            """);
    }

    private static WeightTensor Random(int rows, int columns, int seed)
    {
        Random random = new(seed);
        return new WeightTensor("w", [rows, columns], [.. Enumerable.Range(0, rows * columns).Select(_ => random.NextSingle() - 0.5f)]);
    }

    private static void Upgrade(string model, string pass)
    {
        File.WriteAllText(Path.Combine(model, "retrieval.json"), $$"""{"version":1,"passes":[{{pass}}]}""");
        if (!File.Exists(Path.Combine(model, "heads.npz")))
        {
            File.Copy(Shared.Require("golden", "heads", "heads.npz"), Path.Combine(model, "heads.npz"));
        }
    }

    private async Task<(string Space, float[] Vector)> EmbedAsync(string model)
    {
        using LocalEncoder encoder = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], model), NullLogger.Instance);
        EmbedResult result = await encoder.EmbedAsync(new EmbedRequest([Few[0]]), CancellationToken.None);
        return (result.Space, result.Vectors[0]);
    }

    private static async Task<float[]> VectorAsync(LocalEncoder encoder, InputKind kind, string? model) =>
        (await encoder.EmbedAsync(new EmbedRequest([Few[0]], kind, model), CancellationToken.None)).Vectors[0];
}

using Retrieval.Onnx;

namespace Retrieval.UnitTests.Onnx.Heads;

/// <summary>NV-Embed's head: goldens, and the identities of papers.md A1.</summary>
public sealed class LatentAttentionPassTests(ITestOutputHelper output)
{
    private const int Heads = 4;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Folded_and_unfolded_give_the_goldens_in_every_form(bool folded)
    {
        Goldens goldens = new();
        CrossAttentionWeights weights = CrossAttentionWeights.Read(goldens.Heads, "nv.", Heads);
        int compared = 0;
        foreach (GoldenCase golden in goldens.Cases("latent_attention"))
        {
            foreach (GoldenForm form in Usable(goldens, golden.Model))
            {
                OnnxModel head = LatentAttentionPass.Apply(Attending(goldens, form), weights, folded);
                using OrtRun run = new(VectorPasses.Normalize(PoolingPass.Apply(head, PoolingMode.Mean)));
                foreach ((string padding, Feed feed) in golden.Feeds().Where(f => f.Name.Length == 0 || !form.RightOnly))
                {
                    Near.Largest(run.Floats(feed, TokenStates.Vector).Values, golden.Floats(golden.Expected.Single(k => k.EndsWith(".mean.l2", StringComparison.Ordinal)))).ShouldBeLessThanOrEqualTo(golden.Allowed(form), $"{form} {golden.Id} {padding}");
                    compared++;
                    if (golden.Expected.FirstOrDefault(k => k.EndsWith(".tokens", StringComparison.Ordinal)) is { } tokens && !form.IsLossy)
                    {
                        string states = form.Name == "ts-sdpa-17-pooled.onnx" ? "token_embeddings" : "last_hidden_state";
                        Near.Largest(Near.Tokens(run.Floats(feed, states).Values, feed), golden.Floats(tokens)).ShouldBeLessThanOrEqualTo(golden.Tolerance, $"{form} {tokens} {padding}");
                        compared++;
                    }
                }
            }
        }
        output.WriteLine($"{compared} arrays compared");
        compared.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void Instruction_tokens_are_left_out_officially_and_strictly()
    {
        Goldens goldens = new();
        CrossAttentionWeights weights = CrossAttentionWeights.Read(goldens.Heads, "nv.", Heads);
        foreach (GoldenCase golden in goldens.Cases("instruction_mean"))
        {
            InstructionMask mode = golden.Id.EndsWith("official", StringComparison.Ordinal) ? InstructionMask.Official : InstructionMask.Strict;
            Feed feed = Instructed(golden);
            foreach (GoldenForm form in Usable(goldens, golden.Model).Where(f => !f.IsLossy))
            {
                OnnxModel source = Attending(goldens, form);
                using OrtRun mean = new(PoolingPass.Apply(source, PoolingMode.Mean, mode)), nv = new(VectorPasses.Normalize(PoolingPass.Apply(LatentAttentionPass.Apply(source, weights, folded: true), PoolingMode.Mean, mode)));
                Near.Largest(mean.Floats(feed, TokenStates.Vector).Values, golden.Floats(golden.Expected.Single(k => k.EndsWith(".mean", StringComparison.Ordinal)))).ShouldBeLessThanOrEqualTo(golden.Tolerance, $"{form} {golden.Id}");
                Near.Largest(nv.Floats(feed, TokenStates.Vector).Values, golden.Floats(golden.Expected.Single(k => k.StartsWith("nv.", StringComparison.Ordinal)))).ShouldBeLessThanOrEqualTo(golden.Tolerance, $"{form} {golden.Id}");
            }
        }
    }

    [Fact]
    public void A_text_without_an_instruction_counts_whole()
    {
        Goldens goldens = new();
        GoldenCase golden = goldens.Cases("instruction_mean").First(c => c.Model == "bert");
        OnnxModel source = OnnxModel.Read(Plain(goldens));
        Feed feed = Instructed(golden) with { More = new() { [PoolingPass.InstructionTokens] = (new long[4], [4]) } };
        using OrtRun plain = new(PoolingPass.Apply(source, PoolingMode.Mean));
        foreach (InstructionMask mode in (InstructionMask[])[InstructionMask.Official, InstructionMask.Strict])
        {
            using OrtRun masked = new(PoolingPass.Apply(source, PoolingMode.Mean, mode));
            masked.Floats(feed, TokenStates.Vector).Values.ShouldBe(plain.Floats(feed, TokenStates.Vector).Values);
        }
    }

    [Fact]
    public void Folding_changes_nothing_and_latents_have_no_order()
    {
        Goldens goldens = new();
        CrossAttentionWeights weights = CrossAttentionWeights.Read(goldens.Heads, "nv.", Heads);
        float[] shuffled = [.. Enumerable.Range(0, 16).Reverse().SelectMany(l => weights.Latents.Values.AsSpan(l * 64, 64).ToArray())];
        float[] unfolded = Run(goldens, weights, false);
        Near.Largest(Run(goldens, weights, true), unfolded).ShouldBeLessThan(1e-4);
        Near.Largest(Run(goldens, weights with { Latents = weights.Latents with { Values = shuffled } }, true), unfolded).ShouldBeLessThan(1e-4);
    }

    [Fact]
    public void With_outputs_of_zero_the_head_is_the_masked_mean()
    {
        Goldens goldens = new();
        CrossAttentionWeights weights = CrossAttentionWeights.Read(goldens.Heads, "nv.", Heads);
        CrossAttentionWeights silent = weights with
        {
            Attention = [weights.Attention[0], weights.Attention[1], Zero(weights.Attention[2])],
            Forward = [weights.Forward[0], weights.Forward[1], Zero(weights.Forward[2]), Zero(weights.Forward[3])],
        };
        using OrtRun mean = new(VectorPasses.Normalize(PoolingPass.Apply(OnnxModel.Read(Plain(goldens)), PoolingMode.Mean)));
        float[] expected = mean.Floats(goldens.Cases("latent_attention").First(c => c.Model == "bert").Feeds().First().Feed, TokenStates.Vector).Values;
        Near.Largest(Run(goldens, silent, true), expected).ShouldBeLessThan(1e-6);
        Near.Largest(Run(goldens, silent, false), expected).ShouldBeLessThan(1e-6);
    }

    [Fact]
    public void Vectors_have_unit_length_and_do_not_depend_on_the_batch()
    {
        Goldens goldens = new();
        CrossAttentionWeights weights = CrossAttentionWeights.Read(goldens.Heads, "nv.", Heads);
        using OrtRun run = new(VectorPasses.Normalize(PoolingPass.Apply(LatentAttentionPass.Apply(OnnxModel.Read(Plain(goldens)), weights, true), PoolingMode.Mean)));
        Feed feed = goldens.Cases("latent_attention").First(c => c.Model == "bert").Feeds().First().Feed;
        float[] all = run.Floats(feed, TokenStates.Vector).Values;
        for (int row = 0; row < feed.Rows; row++)
        {
            all.AsSpan(row * 64, 64).ToArray().Sum(x => (double)x * x).ShouldBe(1, 1e-5);
            Near.Largest(run.Floats(feed.Single(row), TokenStates.Vector).Values, all.AsSpan(row * 64, 64)).ShouldBeLessThan(1e-5);
        }
    }

    [Fact]
    public void Weights_of_the_authors_names_are_read_and_wrong_ones_refused()
    {
        Goldens goldens = new();
        using TemporaryFolder folder = new();
        CrossAttentionWeights own = CrossAttentionWeights.Read(goldens.Heads, "nv.", Heads);
        (string Theirs, WeightTensor Tensor)[] names =
        [
            ("latents", own.Latents), ("cross_attend_blocks.0.norm.weight", own.Norms[0]), ("cross_attend_blocks.0.norm.bias", own.Norms[1]), ("cross_attend_blocks.0.norm_context.weight", own.Norms[2]),
            ("cross_attend_blocks.0.norm_context.bias", own.Norms[3]), ("cross_attend_blocks.1.norm.weight", own.Norms[4]), ("cross_attend_blocks.1.norm.bias", own.Norms[5]),
            ("cross_attend_blocks.0.fn.to_q.weight", own.Attention[0]), ("cross_attend_blocks.0.fn.to_kv.weight", own.Attention[1]), ("cross_attend_blocks.0.fn.to_out.weight", own.Attention[2]),
            ("cross_attend_blocks.1.fn.net.0.weight", own.Forward[0]), ("cross_attend_blocks.1.fn.net.0.bias", own.Forward[1]), ("cross_attend_blocks.1.fn.net.2.weight", own.Forward[2]), ("cross_attend_blocks.1.fn.net.2.bias", own.Forward[3]),
        ];
        Safetensors.Write(folder["nv.safetensors"], [.. names.Select(n => n.Tensor with { Name = "latent_attention_model." + n.Theirs })]);
        CrossAttentionWeights read = CrossAttentionWeights.Read(WeightFile.Open(folder["nv.safetensors"]), "latent_attention_model.", Heads);
        read.Attention[1].Values.ShouldBe(own.Attention[1].Values);
        read.Norms[5].Values.ShouldBe(own.Norms[5].Values);
        Should.Throw<OnnxFormatException>(() => CrossAttentionWeights.Read(goldens.Heads, "nv.", 3)).Message.ShouldContain("3 heads cannot share");
        Should.Throw<OnnxFormatException>(() => CrossAttentionWeights.Read(goldens.Heads, "nx.", Heads)).Message.ShouldContain("no tensor 'nx.latents'");
        CrossAttentionWeights narrow = own with { Latents = new WeightTensor("nv.latents", [2, 32], new float[64]) };
        Should.Throw<PassRefusedException>(() => LatentAttentionPass.Apply(OnnxModel.Read(Plain(goldens)), narrow, true)).Message.ShouldContain("is for 32 numbers a token, and its output 'last_hidden_state' has 64");
    }

    /// <summary>Every form but the one whose attention is always causal, where the head needs both directions.</summary>
    private static IEnumerable<GoldenForm> Usable(Goldens goldens, string model) => goldens.Forms(model).Where(f => !f.IsGrouped);

    private static OnnxModel Attending(Goldens goldens, GoldenForm form) => goldens.IsDecoder(form.Model) ? new Bidirectional().Apply(OnnxModel.Read(form.Path)) : OnnxModel.Read(form.Path);

    private static WeightTensor Zero(WeightTensor tensor) => tensor with { Values = new float[tensor.Values.Length] };

    private static string Plain(Goldens goldens) => goldens.Forms("bert").First(f => f.Name == "ts-sdpa-14.onnx").Path;

    private static float[] Run(Goldens goldens, CrossAttentionWeights weights, bool folded)
    {
        using OrtRun run = new(VectorPasses.Normalize(PoolingPass.Apply(LatentAttentionPass.Apply(OnnxModel.Read(Plain(goldens)), weights, folded), PoolingMode.Mean)));
        return run.Floats(goldens.Cases("latent_attention").First(c => c.Model == "bert").Feeds().First().Feed, TokenStates.Vector).Values;
    }

    private static Feed Instructed(GoldenCase golden)
    {
        Feed feed = golden.Feeds().First().Feed;
        long count = golden.Params.GetProperty("instruction_tokens_without_bos").GetInt64();
        return feed with { More = new() { [PoolingPass.InstructionTokens] = ([.. Enumerable.Repeat(count, feed.Rows)], [feed.Rows]) } };
    }
}

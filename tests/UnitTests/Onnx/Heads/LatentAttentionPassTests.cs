using Retrieval.Onnx;

namespace Retrieval.UnitTests.Onnx.Heads;

/// <summary>NV-Embed's head: goldens, and the identities of papers.md A1.</summary>
public sealed class LatentAttentionPassTests(ITestOutputHelper output)
{
    private const int Heads = 4;
    private const double LossyToken = 8;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Folded_and_unfolded_give_the_goldens_in_every_form(bool folded)
    {
        Goldens goldens = Goldens.Instance;
        CrossAttentionWeights weights = CrossAttentionWeights.Read(Goldens.Heads, "nv.", Heads);
        int compared = 0;
        foreach (GoldenCase golden in goldens.Cases("latent_attention"))
        {
            foreach (GoldenForm form in goldens.FormsOf(golden.Model))
            {
                if (form.IsGrouped)
                {
                    Should.Throw<PassRefusedException>(() => Attending(goldens, form)).Reason.ShouldContain("always causal");
                    continue;
                }
                GoldenAccount account = new(form.ToString());
                OnnxModel pooled = PoolingPass.Apply(LatentAttentionPass.Apply(Attending(goldens, form), weights, folded), PoolingMode.Mean);
                using ModelRun run = new(pooled), unit = new(VectorPasses.Normalize(pooled));
                foreach ((string padding, Feed feed) in golden.Feeds().Where(f => f.Name.Length == 0 || !form.RightOnly))
                {
                    foreach (string key in golden.Expected)
                    {
                        bool isTokens = key.EndsWith(".tokens", StringComparison.Ordinal);
                        string states = form.Name == "ts-sdpa-17-pooled.onnx" ? "token_embeddings" : "last_hidden_state";
                        float[] actual = isTokens ? Near.Tokens(run.Floats(feed, states).Values, feed) : (key.EndsWith(".l2", StringComparison.Ordinal) ? unit : run).Floats(feed, TokenStates.Vector).Values;
                        // A token's error is not averaged, and behind attention and feed-forward it is larger than the state's that the tolerance was measured on.
                        Near.Largest(actual, golden.Floats(key)).ShouldBeLessThanOrEqualTo(golden.Allowed(form, isTokens ? LossyToken : 1), $"{form} {key} {padding}");
                        account.Add(golden, key);
                        compared++;
                    }
                }
                account.Close([golden]);
            }
        }
        output.WriteLine($"{compared} arrays compared");
        compared.ShouldBeGreaterThan(150);
    }

    [Fact]
    public void Instruction_tokens_are_left_out_officially_and_strictly()
    {
        Goldens goldens = Goldens.Instance;
        CrossAttentionWeights weights = CrossAttentionWeights.Read(Goldens.Heads, "nv.", Heads);
        foreach (GoldenCase golden in goldens.Cases("instruction_mean"))
        {
            InstructionMask mode = golden.Id.EndsWith("official", StringComparison.Ordinal) ? InstructionMask.Official : InstructionMask.Strict;
            Feed feed = Instructed(golden);
            foreach (GoldenForm form in goldens.FormsOf(golden.Model).Where(f => !f.IsGrouped))
            {
                GoldenAccount account = new(form.ToString());
                OnnxModel source = Attending(goldens, form), mean = PoolingPass.Apply(source, PoolingMode.Mean, mode);
                Dictionary<string, OnnxModel> models = new()
                {
                    ["instr.mean"] = mean, ["instr.mean.l2"] = VectorPasses.Normalize(mean),
                    ["nv.mean.l2"] = VectorPasses.Normalize(PoolingPass.Apply(LatentAttentionPass.Apply(source, weights, folded: true), PoolingMode.Mean, mode)),
                };
                foreach (string key in golden.Expected)
                {
                    using ModelRun run = new(models[$"{key[..key.IndexOf('.', StringComparison.Ordinal)]}.mean{(key.EndsWith(".l2", StringComparison.Ordinal) ? ".l2" : "")}"]);
                    Near.Largest(run.Floats(feed, TokenStates.Vector).Values, golden.Floats(key)).ShouldBeLessThanOrEqualTo(golden.Allowed(form), $"{form} {key}");
                    account.Add(golden, key);
                }
                account.Close([golden]);
            }
        }
    }

    [Fact]
    public void A_text_without_an_instruction_counts_whole()
    {
        Goldens goldens = Goldens.Instance;
        GoldenCase golden = goldens.Cases("instruction_mean").First(c => c.Model == "bert");
        OnnxModel source = OnnxModel.Read(Plain(goldens));
        Feed feed = Instructed(golden) with { More = new() { [PoolingPass.InstructionTokens] = (new long[4], [4]) } };
        using ModelRun plain = new(PoolingPass.Apply(source, PoolingMode.Mean));
        foreach (InstructionMask mode in (InstructionMask[])[InstructionMask.Official, InstructionMask.Strict])
        {
            using ModelRun masked = new(PoolingPass.Apply(source, PoolingMode.Mean, mode));
            masked.Floats(feed, TokenStates.Vector).Values.ShouldBe(plain.Floats(feed, TokenStates.Vector).Values);
        }
    }

    [Theory]
    [InlineData(InstructionMask.Official, 0)]
    [InlineData(InstructionMask.Strict, 1)]
    public void An_instruction_of_n_tokens_leaves_out_the_first_n_or_with_the_begin_token_one_more(InstructionMask mode, int more)
    {
        Goldens goldens = Goldens.Instance;
        OnnxModel source = OnnxModel.Read(Plain(goldens));
        using ModelRun states = new(source), pooled = new(PoolingPass.Apply(source, PoolingMode.Mean, mode));
        Random random = new(16);
        Feed feed = new(3, [.. Enumerable.Range(0, 36).Select(_ => (long)random.Next(5, 300))], [.. Enumerable.Repeat(1L, 36)], new long[36]);
        long[] instructions = [1, 5, 10];
        float[] all = states.Floats(feed, "last_hidden_state").Values, vectors = pooled.Floats(feed with { More = new() { [PoolingPass.InstructionTokens] = (instructions, [3]) } }, TokenStates.Vector).Values;
        for (int row = 0; row < 3; row++)
        {
            // Only the states behind the instruction enter: whatever those before hold cannot be felt.
            int first = (int)instructions[row] + more;
            float[] mean = [.. Enumerable.Range(0, 64).Select(d => Enumerable.Range(first, 12 - first).Average(t => all[(((row * 12) + t) * 64) + d]))];
            Near.Largest(vectors.AsSpan(row * 64, 64), mean).ShouldBeLessThan(1e-5, $"row {row}");
        }
    }

    [Fact]
    public void Folding_changes_nothing_and_latents_have_no_order()
    {
        Goldens goldens = Goldens.Instance;
        CrossAttentionWeights weights = CrossAttentionWeights.Read(Goldens.Heads, "nv.", Heads);
        float[] shuffled = [.. Enumerable.Range(0, 16).Reverse().SelectMany(l => weights.Latents.Values.AsSpan(l * 64, 64).ToArray())];
        float[] unfolded = Run(goldens, weights, false);
        Near.Largest(Run(goldens, weights, true), unfolded).ShouldBeLessThan(1e-4);
        Near.Largest(Run(goldens, weights with { Latents = weights.Latents with { Values = shuffled } }, true), unfolded).ShouldBeLessThan(1e-4);
    }

    [Fact]
    public void With_outputs_of_zero_the_head_is_the_masked_mean()
    {
        Goldens goldens = Goldens.Instance;
        CrossAttentionWeights weights = CrossAttentionWeights.Read(Goldens.Heads, "nv.", Heads);
        CrossAttentionWeights silent = weights with
        {
            Attention = [weights.Attention[0], weights.Attention[1], Zero(weights.Attention[2])],
            Forward = [weights.Forward[0], weights.Forward[1], Zero(weights.Forward[2]), Zero(weights.Forward[3])],
        };
        using ModelRun mean = new(VectorPasses.Normalize(PoolingPass.Apply(OnnxModel.Read(Plain(goldens)), PoolingMode.Mean)));
        float[] expected = mean.Floats(goldens.Cases("latent_attention").First(c => c.Model == "bert").Feeds().First().Feed, TokenStates.Vector).Values;
        Near.Largest(Run(goldens, silent, true), expected).ShouldBeLessThan(1e-6);
        Near.Largest(Run(goldens, silent, false), expected).ShouldBeLessThan(1e-6);
    }

    [Fact]
    public void Vectors_have_unit_length_and_do_not_depend_on_the_batch()
    {
        Goldens goldens = Goldens.Instance;
        CrossAttentionWeights weights = CrossAttentionWeights.Read(Goldens.Heads, "nv.", Heads);
        using ModelRun run = new(VectorPasses.Normalize(PoolingPass.Apply(LatentAttentionPass.Apply(OnnxModel.Read(Plain(goldens)), weights, true), PoolingMode.Mean)));
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
        Goldens goldens = Goldens.Instance;
        using TemporaryFolder folder = new();
        CrossAttentionWeights own = CrossAttentionWeights.Read(Goldens.Heads, "nv.", Heads);
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
        Should.Throw<OnnxFormatException>(() => CrossAttentionWeights.Read(Goldens.Heads, "nv.", 3)).Message.ShouldContain("3 heads cannot share");
        Should.Throw<OnnxFormatException>(() => CrossAttentionWeights.Read(Goldens.Heads, "nx.", Heads)).Message.ShouldContain("no tensor 'nx.latents'");
        CrossAttentionWeights narrow = own with { Latents = new WeightTensor("nv.latents", [2, 32], new float[64]) };
        Should.Throw<PassRefusedException>(() => LatentAttentionPass.Apply(OnnxModel.Read(Plain(goldens)), narrow, true)).Message.ShouldContain("is for 32 numbers a token, and its output 'last_hidden_state' has 64");
    }

    private static OnnxModel Attending(Goldens goldens, GoldenForm form) => goldens.IsDecoder(form.Model) ? new Bidirectional().Apply(OnnxModel.Read(form.Path)) : OnnxModel.Read(form.Path);

    private static WeightTensor Zero(WeightTensor tensor) => tensor with { Values = new float[tensor.Values.Length] };

    private static string Plain(Goldens goldens) => goldens.FormsOf("bert").First(f => f.Name == "ts-sdpa-14.onnx").Path;

    private static float[] Run(Goldens goldens, CrossAttentionWeights weights, bool folded)
    {
        using ModelRun run = new(VectorPasses.Normalize(PoolingPass.Apply(LatentAttentionPass.Apply(OnnxModel.Read(Plain(goldens)), weights, folded), PoolingMode.Mean)));
        return run.Floats(goldens.Cases("latent_attention").First(c => c.Model == "bert").Feeds().First().Feed, TokenStates.Vector).Values;
    }

    private static Feed Instructed(GoldenCase golden)
    {
        Feed feed = golden.Feeds().First().Feed;
        long count = golden.Params.GetProperty("instruction_tokens_without_bos").GetInt64();
        return feed with { More = new() { [PoolingPass.InstructionTokens] = ([.. Enumerable.Repeat(count, feed.Rows)], [feed.Rows]) } };
    }
}

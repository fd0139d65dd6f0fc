using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Onnx;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;
using Retrieval.UnitTests.Encoder.Upgrade;
using Retrieval.UnitTests.Onnx;

namespace Retrieval.UnitTests.Encoder.Variants;

/// <summary>Multi-layers trainable pooling by retrieval.json: the graph's vector takes the place of pooled states.</summary>
public sealed class MultiLayerPoolingServedTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_text_s_vector_is_the_graph_s_and_a_batch_is_its_texts_alone()
    {
        string model = Write("""{"pass":"multiLayerPooling","mode":"mean","weights":"heads.npz","prefix":"ml.","heads":4}""");
        string[] texts = TinyModel.Texts(9, 2);
        using LocalEncoder encoder = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], model), NullLogger.Instance);
        EmbedResult all = await encoder.EmbedAsync(new EmbedRequest(texts, InputKind.Document), CancellationToken.None);
        WeightFile heads = WeightFile.Open(Path.Combine(model, "heads.npz"));
        using ModelRun run = new(VectorPasses.Normalize(new MultiLayerPooling(PoolingMode.Mean, CrossAttentionWeights.Read(heads, "ml.", 4), heads.Require("ml.pos_emb.weight", -1, -1)).Apply(OnnxModel.Read(Path.Combine(model, "onnx", "model.onnx")))));
        Tokenizer tokenizer = Tokenizer.Load(Path.Combine(model, "tokenizer.json"));
        for (int i = 0; i < texts.Length; i++)
        {
            long[] ids = [.. tokenizer.Encode(texts[i], true, null).Ids.Select(t => (long)t)];
            float[] expected = run.Floats(new Feed(1, ids, [.. ids.Select(_ => 1L)], new long[ids.Length]), "sentence_embedding").Values;
            Near.Largest(all.Vectors[i], expected).ShouldBeLessThan(1e-5, texts[i]);
            Near.Largest((await encoder.EmbedAsync(new EmbedRequest([texts[i]], InputKind.Document), CancellationToken.None)).Vectors[0], all.Vectors[i]).ShouldBeLessThan(1e-6, texts[i]);
        }
        VectorSpace space = (await encoder.DescribeAsync(null, CancellationToken.None)).Space;
        (space.Pooling, space.Dimensions).ShouldBe(("multi-layer", 64));
        (await Should.ThrowAsync<RetrievalException>(() => encoder.ScoreAsync(new ScoreRequest("aa", ["ab"]), CancellationToken.None))).Message.ShouldContain("pools inside its graph");
    }

    [Fact]
    public void A_head_of_another_width_or_table_is_refused()
    {
        string model = Write("""{"pass":"multiLayerPooling","mode":"mean","weights":"heads.npz","prefix":"ml.","heads":4,"table":"latents.bias"}""");
        Should.Throw<RetrievalException>(() => LocalEncoder.Load(TinyModel.Options(_folder["compiled"], model), NullLogger.Instance)).Message.ShouldContain("latents.bias");
    }

    private string Write(string pass)
    {
        string model = TinyModel.Write(_folder["model"]);
        File.Copy(Shared.Require("golden", "heads", "heads.npz"), Path.Combine(model, "heads.npz"));
        File.WriteAllText(Path.Combine(model, "retrieval.json"), $$"""{"version":1,"passes":[{{pass}}]}""");
        return model;
    }
}

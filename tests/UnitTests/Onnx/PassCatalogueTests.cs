using Retrieval.Encoder;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Onnx;

/// <summary>What an inspection says of every pass and head.</summary>
public sealed class PassCatalogueTests
{
    private const string Words = "vocabulary(log of relu)", Score = "score", Prepending = "token-prepending(1; 99)", Latent = "latent-attention", Layers = "multi-layer-pooling", Explained = "explain(10)";

    [Theory]
    [InlineData("bert/ts-sdpa-17.onnx", new[] { Latent, Layers }, new[] { Words, Score, Prepending, Explained })]
    [InlineData("llama/ts-sdpa-17.onnx", new[] { Prepending, Latent, Layers }, new[] { Words, Score, Explained })]
    [InlineData("bert_heads/mlm.onnx", new[] { Words, Explained }, new[] { Score, Prepending, Latent })]
    [InlineData("bert_heads/crossencoder.onnx", new[] { Score }, new[] { Words, Latent, Explained })]
    [InlineData("bert_heads/classifier.onnx", new[] { Score }, new[] { Words, Latent, Explained })]
    public void Heads_apply_where_the_model_has_what_they_need_and_say_why_where_not(string model, string[] applies, string[] doesNot)
    {
        ModelInspection inspection = ModelInspection.Of(Path.Combine(Shared.Require("golden"), model));
        Dictionary<string, string?> passes = inspection.Passes.ToDictionary(p => p.Pass, p => p.WhyNot);
        foreach (string pass in applies)
        {
            passes[pass].ShouldBeNull($"{pass} of {model}");
        }
        foreach (string pass in doesNot)
        {
            passes[pass].ShouldNotBeNullOrWhiteSpace($"{pass} of {model}");
        }
        inspection.Passes.ShouldAllBe(p => p.What.Length > 0);
    }
}

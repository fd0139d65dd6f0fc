using Retrieval.Onnx;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Onnx.Heads;

/// <summary>Vocabulary, cross-encoder and classifier heads on the tiny exports.</summary>
public sealed class OtherHeadTests
{
    private const double Tolerance = 2e-4;
    private readonly string _folder = Shared.Require("golden", "bert_heads");
    private readonly Npz _cases;

    public OtherHeadTests() => _cases = Npz.Read(Path.Combine(_folder, "cases.npz"));

    private Feed Batch => new(5, _cases.Longs("in.input_ids"), _cases.Longs("in.attention_mask"), _cases.Longs("in.token_type_ids"));

    [Theory]
    [InlineData(VocabularyWeight.LogOfReLU, "mlm.splade")]
    [InlineData(VocabularyWeight.Raw, "mlm.max")]
    [InlineData(VocabularyWeight.EluPlusOne, "mlm.elu1p")]
    public void Weights_of_the_vocabulary_are_the_goldens(VocabularyWeight weight, string key)
    {
        using ModelRun run = new(VocabularyPass.Apply(Model("mlm"), weight, null));
        float[] all = run.Floats(Batch, VocabularyPass.Weights).Values;
        Near.Largest(all, _cases.Floats(key)).ShouldBeLessThan(Tolerance);
        for (int row = 0; row < 5; row++)
        {
            Near.Largest(run.Floats(Batch.Single(row), VocabularyPass.Weights).Values, all.AsSpan(row * 320, 320)).ShouldBeLessThan(Tolerance, "pads count");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(320)]
    public void The_largest_are_those_of_the_whole_vocabulary(int top)
    {
        using ModelRun run = new(VocabularyPass.Apply(Model("mlm"), VocabularyWeight.LogOfReLU, top));
        float[] values = run.Floats(Batch, VocabularyPass.Values).Values, all = _cases.Floats("mlm.splade");
        long[] indices = run.Longs(Batch, VocabularyPass.Indices);
        for (int row = 0; row < 5; row++)
        {
            float[] own = [.. all.AsSpan(row * 320, 320)], expected = [.. own.OrderDescending().Take(top)];
            Near.Largest(values.AsSpan(row * top, top), expected).ShouldBeLessThan(Tolerance);
            indices.AsSpan(row * top, top).ToArray().Distinct().Count().ShouldBe(top);
            for (int i = 0; i < top; i++)
            {
                ((double)own[indices[row * top + i]]).ShouldBe(values[row * top + i], Tolerance);
            }
        }
    }

    [Theory]
    [InlineData("crossencoder")]
    [InlineData("classifier")]
    public void Scores_are_the_goldens(string head)
    {
        using ModelRun run = new(ScorePass.Apply(Model(head)));
        Near.Largest(run.Floats(Batch, "logits").Values, _cases.Floats($"{head}.logits")).ShouldBeLessThan(5e-5);
        Near.Largest(run.Floats(Batch, ScorePass.Scores).Values, _cases.Floats($"{head}.scores")).ShouldBeLessThan(5e-5);
    }

    [Fact]
    public void A_state_as_words_is_what_the_model_itself_says_of_its_token()
    {
        OnnxModel model = Model("mlm");
        using ModelRun states = new(new HiddenStates().Apply(model)), explain = new(new Explain(5).Apply(model));
        explain.Inputs.ShouldBe([Explain.Vectors]);
        float[] tokens = Near.Tokens(states.Floats(Batch, HiddenStates.OutputName(2)).Values, Batch), logits = _cases.Floats("mlm.logits");
        (float[] weights, long[] ids) = explain.Explained(tokens, 64);
        for (int token = 0; token < 58; token++)
        {
            float[] own = [.. logits.AsSpan(token * 320, 320)];
            Near.Largest(weights.AsSpan(token * 5, 5), [.. own.OrderDescending().Take(5)]).ShouldBeLessThan(Tolerance);
            for (int i = 0; i < 5; i++)
            {
                ((double)own[ids[token * 5 + i]]).ShouldBe(weights[token * 5 + i], Tolerance);
            }
        }
    }

    [Fact]
    public void Models_without_such_a_head_are_refused()
    {
        Should.Throw<PassRefusedException>(() => new Explain(5).Apply(Model("classifier"))).Message.ShouldContain("language-model head");
        Should.Throw<PassRefusedException>(() => new Explain(321).Apply(Model("mlm"))).Message.ShouldContain("321 of 320 words");
        Should.Throw<PassRefusedException>(() => VocabularyPass.Apply(Model("classifier"), VocabularyWeight.Raw, null)).Message.ShouldContain("fill-mask");
        Should.Throw<PassRefusedException>(() => VocabularyPass.Apply(Model("mlm"), VocabularyWeight.Raw, 321)).Message.ShouldContain("Ask for 1 to 320");
        Should.Throw<PassRefusedException>(() => ScorePass.Apply(Model("mlm"))).Message.ShouldContain("text classification");
    }

    private OnnxModel Model(string name) => OnnxModel.Read(Path.Combine(_folder, name + ".onnx"));
}

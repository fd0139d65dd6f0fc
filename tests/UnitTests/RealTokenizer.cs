using Retrieval.Contracts;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests;

/// <summary>The tokenizer of all-MiniLM-L6-v2 and its model as ingestion and compression see it; a test that needs it is skipped where it is not there.</summary>
internal static class RealTokenizer
{
    private const string Model = "all-MiniLM-L6-v2";
    private static readonly Lazy<Tokenizer?> Loaded = new(() => TestData.FindShared("models", Model, "tokenizer.json") is { } path ? Tokenizer.Load(path) : null);

    public static Tokenizer Require()
    {
        Assert.SkipWhen(Loaded.Value is null, $"Data: shared/models/{Model}/tokenizer.json is not there");
        return Loaded.Value!;
    }

    public static TokenizerCache Cache { get; } = new((_, cancellationToken) => File.ReadAllBytesAsync(TestData.FindShared("models", Model, "tokenizer.json")!, cancellationToken));

    public static EncoderDescription Describe(Tokenizer tokenizer, string prompt = "", int maxTokens = 256) => new()
    {
        Model = "model",
        Space = new VectorSpace
        {
            Weights = "weights", Tokenizer = tokenizer.Hash, DocumentTemplate = prompt + VectorSpace.TitleAndText, MaxTokens = maxTokens, Dimensions = 4, Pooling = "mean", PostProcessing = ["normalize"],
        },
        QueryPrompt = "",
        SpecialTokens = tokenizer.SpecialTokens,
        Provider = "test",
    };
}

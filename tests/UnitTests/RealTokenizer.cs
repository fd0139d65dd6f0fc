using Retrieval.Contracts;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests;

/// <summary>The tokenizer of the default encoder, and its model as ingestion and compression see it.</summary>
internal static class RealTokenizer
{
    public static Tokenizer Shipped { get; } = Tokenizer.Load(TestData.DefaultModel);

    public static TokenizerCache Cache { get; } = new((_, cancellationToken) => File.ReadAllBytesAsync(Path.Combine(TestData.DefaultModel, "tokenizer.json"), cancellationToken));

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

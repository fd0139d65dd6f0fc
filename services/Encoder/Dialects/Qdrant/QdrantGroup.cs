using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>Texts of one model and the same options.</summary>
internal static class QdrantGroup
{
    /// <summary>Their vectors, of the form that the model gives or the options ask for, and the tokens that were read.</summary>
    public static async Task<(QdrantVector[] Vectors, int Tokens)> EncodeAsync(LocalEncoder encoder, string name, QdrantOptions options, InputKind side, string[] texts, CancellationToken cancellationToken)
    {
        EncoderDescription model = await encoder.DescribeAsync(name.Length == 0 ? null : name, cancellationToken);
        EmbedRequest request = Request(model, options, side, texts);
        if (model.Kind == ModelKind.Sparse)
        {
            EmbedSparseResult sparse = await encoder.EmbedSparseAsync(request, cancellationToken);
            return ([.. sparse.Vectors.Select(v => new QdrantVector(Sparse: v))], sparse.Tokens.Sum());
        }
        if (options.Multivector == true)
        {
            EmbedTokensResult multi = await encoder.EmbedTokensAsync(request, cancellationToken);
            return ([.. multi.Texts.Select(t => new QdrantVector(Multi: t))], multi.Tokens.Sum());
        }
        EmbedResult dense = await encoder.EmbedAsync(request, cancellationToken);
        return ([.. dense.Vectors.Select(v => new QdrantVector(Dense: v))], dense.Tokens.Sum());
    }

    private static EmbedRequest Request(EncoderDescription model, QdrantOptions options, InputKind side, string[] texts)
    {
        EmbedRequest request = new(texts, side, model.Model, options.Truncate ?? true)
        {
            Dimensions = options.Dimensions, PromptName = options.PromptName, Prompt = options.Prompt, Instruction = options.Instruction, Pool = options.Pool, Top = options.Top,
        };
        return options.InputType is { } word ? InputTypes.Apply(request, model, word, "input_type") : request;
    }
}

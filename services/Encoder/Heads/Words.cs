using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>Kinds of models in sentences.</summary>
internal static class Words
{
    /// <summary>With its article.</summary>
    public static string Of(ModelKind kind) => kind switch
    {
        ModelKind.Embedding => "an embedding model",
        ModelKind.Sparse => "a sparse model",
        ModelKind.CrossEncoder => "a cross-encoder",
        _ => "a classifier",
    };

    /// <summary>Where its answers are to be had.</summary>
    public static string Routes(ModelKind kind) => kind switch
    {
        ModelKind.Embedding => "/embed, /v1/embeddings, /v2/embed and /rerank",
        ModelKind.Sparse => "/embed_sparse",
        ModelKind.CrossEncoder => "/rerank, /v1/rerank, /v2/rerank and /predict",
        _ => "/predict",
    };
}

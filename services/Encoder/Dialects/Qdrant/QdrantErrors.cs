using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>An error; Qdrant puts the whole body into its own message.</summary>
internal sealed record QdrantError(string Error);

/// <summary>Errors that Qdrant passes on: 400, 404, 413 and 422 become its 400, 429 stays with its Retry-After, all else its 500.</summary>
internal static class QdrantErrors
{
    public static ErrorDialect Dialect { get; } = ErrorDialect.Of(problem => (problem.Status, new QdrantError(problem.ToString())), QdrantJson.Default.QdrantError);
}

using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>An error: Cohere reads message, Jina detail.</summary>
internal sealed record CohereError(string Message, string Detail);

/// <summary>Errors as Cohere and Jina tell them.</summary>
internal static class CohereErrors
{
    public static ErrorDialect Dialect { get; } = ErrorDialect.Of(problem => (problem is { Kind: ErrorKind.TooLarge, Field: not DialectBody.Field } ? 400 : problem.Status, new CohereError(problem.ToString(), problem.ToString())), CohereJson.Default.CohereError);
}

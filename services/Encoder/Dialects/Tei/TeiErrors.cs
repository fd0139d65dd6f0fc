using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>An error in TEI's form.</summary>
internal sealed record TeiError(string Error, string ErrorType);

/// <summary>
/// Errors as text-embeddings-inference tells them: Empty is 400, Validation 413, Tokenizer 422, Backend 424, Overloaded 429, Unhealthy 503. Where it answers in plain
/// text, to a body that is no request, this says Validation with its status, 422.
/// </summary>
internal static class TeiErrors
{
    /// <summary>The value of a problem with nothing in its input.</summary>
    public const string Nothing = "nothing";

    public static ErrorDialect Dialect { get; } = ErrorDialect.Of(Of, TeiJson.Default.TeiError);

    private static (int, TeiError) Of(Problem problem) => problem switch
    {
        { Kind: ErrorKind.Overloaded } => Error(StatusCodes.Status429TooManyRequests, "Overloaded", problem),
        { Kind: ErrorKind.Unavailable } => Error(StatusCodes.Status503ServiceUnavailable, "Unhealthy", problem),
        { Kind: ErrorKind.NotFound } => Error(StatusCodes.Status404NotFound, "Validation", problem),
        { Kind: ErrorKind.Invalid, Value: Nothing } => Error(StatusCodes.Status400BadRequest, "Empty", problem),
        { Kind: ErrorKind.Invalid, Field: DialectBody.Field } => Error(StatusCodes.Status422UnprocessableEntity, "Validation", problem),
        { Kind: ErrorKind.Invalid, Field: "ids" } => Error(StatusCodes.Status422UnprocessableEntity, "Tokenizer", problem),
        { Kind: ErrorKind.Invalid, Field: "model" } => Error(StatusCodes.Status424FailedDependency, "Backend", problem),
        { Kind: ErrorKind.Invalid or ErrorKind.TooLarge } => Error(StatusCodes.Status413PayloadTooLarge, "Validation", problem),
        _ => Error(StatusCodes.Status424FailedDependency, "Backend", problem),
    };

    private static (int, TeiError) Error(int status, string type, Problem problem) => (status, new TeiError(problem.ToString(), type));
}

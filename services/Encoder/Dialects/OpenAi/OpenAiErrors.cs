using Microsoft.AspNetCore.Http;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>Errors as OpenAI's API tells them: {"error": {"message", "type", "param", "code"}}.</summary>
internal static class OpenAiErrors
{
    private const string InvalidRequest = "invalid_request_error";

    public static ErrorDialect Dialect { get; } = ErrorDialect.Of(problem => (Status(problem), new OpenAiErrorBody(Error(problem))), OpenAiJson.Default.OpenAiErrorBody);

    // More texts or tokens than one request may have is 400 there; 413 is for bytes.
    private static int Status(Problem problem) => problem is { Kind: ErrorKind.TooLarge, Field: not DialectBody.Field } ? StatusCodes.Status400BadRequest : problem.Status;

    private static OpenAiError Error(Problem problem) => problem.Kind switch
    {
        ErrorKind.NotFound => new(problem.ToString(), InvalidRequest, problem.Field, problem.Field == "model" ? "model_not_found" : null),
        ErrorKind.Overloaded => new(problem.ToString(), "tokens", null, "rate_limit_exceeded"),
        ErrorKind.Unauthorized => new(problem.ToString(), InvalidRequest, null, "invalid_api_key"),
        ErrorKind.Unavailable or ErrorKind.Internal => new(problem.ToString(), "server_error", null, null),
        _ => new(problem.ToString(), InvalidRequest, problem.Field is "texts" or "ids" ? "input" : problem.Field is DialectBody.Field ? null : problem.Field, null),
    };
}

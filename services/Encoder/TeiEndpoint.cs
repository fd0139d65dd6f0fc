using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>
/// <c>POST /embed</c> as Hugging Face's text-embeddings-inference speaks it: {"inputs": string or list of strings, "truncate": bool} to a list of vectors.
/// Its fields that are not here are ignored, as it ignores unknown ones; its errors are {"error", "error_type"}.
/// </summary>
internal static class TeiEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/embed", EmbedAsync)
        .WithSummary("Vectors of texts, in the dialect of text-embeddings-inference")
        .WithDescription("""{"inputs": "a text" or ["texts"], "truncate": false}. A text over the model's limit is an error unless truncate is true.""")
        .Accepts<TeiRequest>("application/json").Produces<float[][]>();

    private static async Task<IResult> EmbedAsync(HttpRequest request, IEncoder encoder, CancellationToken cancellationToken)
    {
        try
        {
            TeiRequest body = await JsonSerializer.DeserializeAsync(request.Body, EncoderJson.Dialect.TeiRequest, cancellationToken) ?? throw new JsonException("null");
            EmbedResult result = await encoder.EmbedAsync(new EmbedRequest(Texts(body.Inputs), Truncate: body.Truncate ?? false), cancellationToken);
            return Results.Json([.. result.Vectors], EncoderJson.Dialect.SingleArrayArray);
        }
        catch (JsonException e)
        {
            return Error(StatusCodes.Status422UnprocessableEntity, "Validation", $"The body is not {{\"inputs\": string or list of strings, \"truncate\": bool}}: {e.Message}");
        }
        catch (RetrievalException e)
        {
            return Of(e.Problem);
        }
    }

    private static string[] Texts(JsonElement inputs) => inputs.ValueKind switch
    {
        JsonValueKind.String => [inputs.GetString()!],
        JsonValueKind.Array when inputs.EnumerateArray().All(i => i.ValueKind == JsonValueKind.String) => [.. inputs.EnumerateArray().Select(i => i.GetString()!)],
        _ => throw new JsonException("inputs is neither a string nor a list of strings"),
    };

    private static IResult Of(Problem problem) => problem.Kind switch
    {
        ErrorKind.Overloaded => Error(StatusCodes.Status429TooManyRequests, "Overloaded", problem.ToString()),
        ErrorKind.TooLarge => Error(StatusCodes.Status413PayloadTooLarge, "Validation", problem.ToString()),
        ErrorKind.Invalid => Error(StatusCodes.Status422UnprocessableEntity, "Validation", problem.ToString()),
        ErrorKind.Unavailable => Error(StatusCodes.Status503ServiceUnavailable, "Unhealthy", problem.ToString()),
        _ => Error(StatusCodes.Status424FailedDependency, "Backend", problem.ToString()),
    };

    private static IResult Error(int status, string type, string message) => Results.Json(new TeiError(message, type), EncoderJson.Dialect.TeiError, statusCode: status);
}

/// <summary>Body of /embed.</summary>
/// <param name="Inputs">A text or a list of texts.</param>
/// <param name="Truncate">Cut a text that is over the limit instead of refusing it.</param>
internal sealed record TeiRequest(JsonElement Inputs, bool? Truncate);

/// <summary>An error in TEI's form.</summary>
internal sealed record TeiError(string Error, string ErrorType);

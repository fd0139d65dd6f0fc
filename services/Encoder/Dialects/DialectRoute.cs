using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Retrieval.Encoder;

/// <summary>A route of an API that is not ours, or one that only the encoder can answer: answered here, or forwarded by a process whose encoder is elsewhere.</summary>
/// <param name="Method">GET or POST.</param>
/// <param name="Path">As the original has it.</param>
/// <param name="Errors">How it tells errors; null: as our own routes do.</param>
/// <param name="Answer">What answers.</param>
internal sealed record DialectRoute(string Method, string Path, ErrorDialect? Errors, Delegate Answer)
{
    /// <summary>One line for OpenAPI; null leaves the route out of it.</summary>
    public string? Summary { get; init; }

    /// <summary>The body, and what is not as in the original.</summary>
    public string Description { get; init; } = "";

    /// <summary>Type of the body; null for none.</summary>
    public Type? Body { get; init; }

    /// <summary>Type of the answer.</summary>
    public Type? Answers { get; init; }

    /// <summary>Describes an endpoint. The body is not declared as the type that is accepted: the originals read JSON whatever the header says.</summary>
    public void Describe(RouteHandlerBuilder route)
    {
        if (Errors is not null)
        {
            route.WithMetadata(Errors);
        }
        if (Summary is null)
        {
            route.ExcludeFromDescription();
            return;
        }
        route.WithSummary(Summary).WithDescription(Description);
        if (Body is not null)
        {
            route.Accepts(Body, isOptional: true, "application/json", "*/*");
        }
        if (Answers is not null)
        {
            route.Produces(StatusCodes.Status200OK, Answers, "application/json");
        }
    }
}

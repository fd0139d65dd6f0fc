using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing.Template;
using Retrieval.Contracts;
using Retrieval.Encoder;

namespace Retrieval.Host;

/// <summary>The one place where an error becomes an answer: problem details with kind, field, value, limit and help.</summary>
internal static class Problems
{
    private const string RetryAfterSeconds = "1";

    public static void UseProblems(this WebApplication app)
    {
        app.Use(async (context, next) =>
        {
            try
            {
                await next(context);
            }
            catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
            {
                // The client left; there is nobody to answer.
            }
            catch (Exception e)
            {
                if (context.Response.HasStarted)
                {
                    Log.BrokenAnswer(app.Logger, e, context.Request.Path);
                    context.Abort();
                    return;
                }
                await WriteAsync(context, Of(e, context, app.Logger), e is BadHttpRequestException { StatusCode: 408 } ? 408 : null);
            }
        });
        app.UseStatusCodePages(StatusPageAsync);
    }

    private static Problem Of(Exception e, HttpContext context, ILogger logger)
    {
        if (e is RetrievalException known)
        {
            return known.Problem;
        }
        if (e is BadHttpRequestException bad)
        {
            return new Problem(bad.StatusCode == 413 ? ErrorKind.TooLarge : ErrorKind.Invalid, bad.Message);
        }
        string trace = Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
        Log.Unexpected(logger, e, context.Request.Path, trace);
        return new Problem(ErrorKind.Internal, $"Something went wrong inside the server; its log has the cause under {trace}.", "trace", trace);
    }

    private static Task StatusPageAsync(StatusCodeContext page)
    {
        HttpRequest request = page.HttpContext.Request;
        Problem? problem = page.HttpContext.Response.StatusCode switch
        {
            404 => new Problem(ErrorKind.NotFound, $"There is nothing at {request.Method} {request.Path}.", "path", request.Path, Help: "GET /openapi/v1.json lists the routes."),
            405 => new Problem(ErrorKind.Invalid, $"{request.Path} does not take {request.Method}.", "method", request.Method, page.HttpContext.Response.Headers.Allow),
            400 => new Problem(ErrorKind.Invalid, "The request is malformed."),
            415 => UnreadType(page.HttpContext),
            _ => null,
        };
        return problem is null ? Task.CompletedTask : WriteAsync(page.HttpContext, problem, page.HttpContext.Response.StatusCode);
    }

    /// <summary>The framework has forgotten which types the route reads; its endpoints still say.</summary>
    private static Problem UnreadType(HttpContext context)
    {
        HttpRequest request = context.Request;
        string read = string.Join(", ", AtPath(context).Where(e => e.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains(request.Method) == true)
            .SelectMany(e => e.Metadata.GetMetadata<IAcceptsMetadata>()?.ContentTypes ?? []).Distinct());
        return new Problem(ErrorKind.Invalid, $"Content-Type '{request.ContentType}' is not read here.", "Content-Type", request.ContentType, read, $"Send {read}.");
    }

    /// <summary>The form of errors of another API's path, also for a method that it does not take.</summary>
    private static ErrorDialect? Dialect(HttpContext context) => context.GetEndpoint() is RouteEndpoint route ? route.Metadata.GetMetadata<ErrorDialect>()
        : context.Request.Path == "/" ? null : AtPath(context).Select(e => e.Metadata.GetMetadata<ErrorDialect>()).FirstOrDefault(d => d is not null);

    private static IEnumerable<RouteEndpoint> AtPath(HttpContext context) => context.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(e => new TemplateMatcher(new RouteTemplate(e.RoutePattern), []).TryMatch(context.Request.Path, []));

    private static async Task WriteAsync(HttpContext context, Problem problem, int? status = null)
    {
        context.Response.StatusCode = status ?? problem.Status;
        (int Status, byte[] Body)? dialect = Dialect(context)?.Write(problem);
        if (problem.Kind is ErrorKind.Overloaded or ErrorKind.Unavailable)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }
        if (dialect is { } told)
        {
            context.Response.StatusCode = status ?? told.Status;
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(told.Body, CancellationToken.None);
            return;
        }
        context.Response.ContentType = ProblemBody.MediaType;
        ProblemBody body = ProblemBody.Of(problem) with { Status = context.Response.StatusCode };
        await JsonSerializer.SerializeAsync(context.Response.Body, body, WireJson.Strict.ProblemBody, CancellationToken.None);
    }
}

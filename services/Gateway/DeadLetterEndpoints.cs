using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Gateway;

/// <summary><c>/v1/dead-letters</c>: changes that were given up, with their reason, until somebody replays or drops them.</summary>
internal static class DeadLetterEndpoints
{
    private const int ReplayedAtOnce = 500;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/dead-letters", ListAsync).WithSummary("List changes that were given up, the newest first").Paged()
            .Query("collection", JsonSchemaType.String, "Only of this collection.").Produces<DeadLetterList>().Problems(400, 404);
        routes.MapGet("/v1/dead-letters/{job:guid}", ShowAsync).WithSummary("One change that was given up, with the exception").Produces<DeadLetterInfo>().Problems(404);
        routes.MapGet("/v1/dead-letters/{job:guid}/payload", async (Guid job, Catalog catalog, CancellationToken cancellationToken) =>
                Results.Json((await FindAsync(catalog, job, cancellationToken)).Job.Payload!, WireJson.Strict.DocumentInput))
            .WithSummary("The document that it carries").Produces<DocumentInput>().Problems(404);
        routes.MapPost("/v1/dead-letters/{job:guid}/replay", async (Guid job, HttpContext context, Catalog catalog, CancellationToken cancellationToken) =>
                StatusReport.Answer(context, await catalog.ReplayAsync(job, cancellationToken) ?? throw Unknown(job)))
            .WithSummary("Try it again, with all its attempts").Produces<StatusInfo>(202).Problems(404);
        routes.MapPost("/v1/dead-letters/replay", ReplayAllAsync).WithSummary("Try all of them again").Query("collection", JsonSchemaType.String, "Only those of this collection.").Produces<ReplayedInfo>().Problems(404);
        routes.MapDelete("/v1/dead-letters/{job:guid}", async (Guid job, Catalog catalog, CancellationToken cancellationToken) =>
                await catalog.DropAsync(job, cancellationToken) is null ? throw Unknown(job) : Results.NoContent())
            .WithSummary("Let it go; the job stays failed").Produces(204).Problems(404);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, Catalog catalog, CancellationToken cancellationToken)
    {
        (long? collection, Guid? after, int limit) = await JobEndpoints.PageAsync(request, catalog, cancellationToken);
        IReadOnlyList<Job> jobs = await catalog.ListDeadLettersAsync(collection, after, limit + 1, cancellationToken);
        return Results.Json(new DeadLetterList([.. jobs.Take(limit).Select(j => Info(j, null))], jobs.Count > limit ? jobs[limit - 1].Id : null), WireJson.Strict.DeadLetterList);
    }

    private static async Task<IResult> ShowAsync(Guid job, Catalog catalog, CancellationToken cancellationToken)
    {
        DeadLetter letter = await FindAsync(catalog, job, cancellationToken);
        return Results.Json(Info(letter.Job, letter.Detail), WireJson.Strict.DeadLetterInfo);
    }

    private static async Task<IResult> ReplayAllAsync(HttpRequest request, Catalog catalog, CancellationToken cancellationToken)
    {
        (long? collection, _, _) = await JobEndpoints.PageAsync(request, catalog, cancellationToken);
        int replayed = 0;
        Guid? after = null;
        while (await catalog.ListDeadLettersAsync(collection, after, ReplayedAtOnce, cancellationToken) is { Count: > 0 } page)
        {
            foreach (Job job in page)
            {
                replayed += await catalog.ReplayAsync(job.Id, cancellationToken) is null ? 0 : 1;
            }
            after = page[^1].Id; // those that fail again meanwhile are not taken a second time
        }
        return Results.Json(new ReplayedInfo(replayed), WireJson.Strict.ReplayedInfo);
    }

    private static async Task<DeadLetter> FindAsync(Catalog catalog, Guid job, CancellationToken cancellationToken) => await catalog.FindDeadLetterAsync(job, cancellationToken) ?? throw Unknown(job);

    private static RetrievalException Unknown(Guid job) => new(ErrorKind.NotFound, $"There is no dead letter {job}.", "job", $"{job}", help: "GET /v1/dead-letters lists what is there.");

    private static DeadLetterInfo Info(Job job, string? stack) => new()
    {
        Status = StatusReport.Of(job),
        Action = job.Kind == JobKind.Delete ? ChangeAction.Delete : ChangeAction.Upsert,
        FailedAt = job.FinishedAt,
        PayloadUrl = $"/v1/dead-letters/{job.Id}/payload",
        Stack = stack,
    };
}

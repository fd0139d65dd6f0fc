using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Gateway;

/// <summary><c>/v1/jobs</c> and <c>/v1/loads</c>.</summary>
internal static class JobEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/jobs", ListAsync).WithSummary("List changes of documents, the newest first").Paged()
            .Query("collection", JsonSchemaType.String, "Only of this collection.").Query("status", JsonSchemaType.String, "Only those that stand there.").Produces<JobList>().Problems(400, 404);
        routes.MapGet("/v1/jobs/{job:guid}", JobAsync).WithSummary("Status of a document's change").Produces<StatusInfo>().Problems(404);
        routes.MapGet("/v1/jobs/{job:guid}/events", async (Guid job, EventStreams streams, CancellationToken cancellationToken) => await streams.OfJobAsync(job, cancellationToken))
            .WithSummary("The steps of a change as they happen").WithDescription("Server-sent events: 'step' with an entry of the timeline, at the end 'end' with the status.").ProducesEvents().Problems(404, 429);
        routes.MapGet("/v1/loads/{load:guid}", LoadAsync).WithSummary("Where the documents of a bulk load stand").Produces<LoadInfo>().Problems(404);
        routes.MapGet("/v1/loads/{load:guid}/events", async (Guid load, EventStreams streams, CancellationToken cancellationToken) => await streams.OfLoadAsync(load, cancellationToken))
            .WithSummary("The progress of a bulk load").WithDescription("Server-sent events: 'progress' when it has changed, 'end' when nothing is open.").ProducesEvents().Problems(404, 429);
        routes.MapGet("/v1/collections/{collection}/events", async (string collection, EventStreams streams, CancellationToken cancellationToken) => await streams.OfCollectionAsync(collection, cancellationToken))
            .WithSummary("The progress of a collection").WithDescription("Server-sent events: 'progress' when it has changed, as long as the client stays.").ProducesEvents().Problems(404, 429);
    }

    public static RetrievalException Unknown(Guid job) => new(ErrorKind.NotFound, $"There is no job {job}.", "job", $"{job}", help: "The status URL is in the answer to the PUT or DELETE; finished jobs go after Ingestion:KeepJobsHours.");

    public static RetrievalException UnknownLoad(Guid load) => new(ErrorKind.NotFound, $"There is no load {load}.", "load", $"{load}", help: "The Location header of a bulk load's answer names it; its finished jobs go after Ingestion:KeepJobsHours.");

    /// <summary>A page of jobs by what the query string asks for.</summary>
    public static async Task<(long? Collection, Guid? After, int Limit)> PageAsync(HttpRequest request, Catalog catalog, CancellationToken cancellationToken)
    {
        const int MostRows = 1000;
        string? name = request.Query["collection"], after = request.Query["after"], limit = request.Query["limit"];
        return (name is null ? null : (await catalog.GetCollectionAsync(name, cancellationToken)).Id,
            after is null ? null : Guid.TryParse(after, out Guid id) ? id : throw new RetrievalException(ErrorKind.Invalid, $"after={after} is not the id of a job.", "after", after, "the 'next' of the page before"),
            limit is null ? 100 : int.TryParse(limit, CultureInfo.InvariantCulture, out int rows) && rows is >= 1 and <= MostRows ? rows
                : throw new RetrievalException(ErrorKind.Invalid, $"A page of {limit} rows is not possible.", "limit", limit, $"1 to {MostRows}", "Read the list page by page with 'after'."));
    }

    private static async Task<IResult> ListAsync(HttpRequest request, Catalog catalog, JobProgress progress, CancellationToken cancellationToken)
    {
        (long? collection, Guid? after, int limit) = await PageAsync(request, catalog, cancellationToken);
        IReadOnlyList<Job> jobs = await catalog.ListJobsAsync(collection, Status(request.Query["status"]), after, limit + 1, cancellationToken);
        return Results.Json(new JobList([.. jobs.Take(limit).Select(j => StatusReport.Of(progress.With(j)))], jobs.Count > limit ? jobs[limit - 1].Id : null), WireJson.Strict.JobList);
    }

    private static async Task<IResult> JobAsync(Guid job, Catalog catalog, JobProgress progress, CancellationToken cancellationToken) =>
        Results.Json(StatusReport.Of(progress.With(await catalog.FindJobAsync(job, cancellationToken) ?? throw Unknown(job))), WireJson.Strict.StatusInfo);

    private static async Task<IResult> LoadAsync(Guid load, Catalog catalog, CancellationToken cancellationToken) =>
        Results.Json(await catalog.FindLoadAsync(load, cancellationToken) ?? throw UnknownLoad(load), WireJson.Strict.LoadInfo);

    private static DocumentStatus? Status(string? word) => word is null ? null : Enum.TryParse(word, true, out DocumentStatus status) && !int.TryParse(word, CultureInfo.InvariantCulture, out _) ? status
        : throw new RetrievalException(ErrorKind.Invalid, $"'{word}' is not a status.", "status", word, string.Join(", ", Enum.GetNames<DocumentStatus>()).ToLowerInvariant());
}

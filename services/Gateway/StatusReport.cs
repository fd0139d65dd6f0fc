using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Gateway;

/// <summary>A job as the API shows it.</summary>
internal static class StatusReport
{
    public static string Url(Guid job) => $"/v1/jobs/{job}";

    public static StatusInfo Of(Job job) => new()
    {
        Id = job.Document,
        Collection = job.Collection,
        Job = job.Id,
        StatusUrl = Url(job.Id),
        Status = job.Status,
        Error = job.Error,
        Version = job.Version,
        Chunks = job.Chunks,
        Reused = job.Reused,
        Generation = job.Generation,
        Attempts = job.Attempts,
        Timeline = job.Timeline,
    };

    /// <summary>200 when the outcome is known, else 202; the status URL is in both.</summary>
    public static JsonHttpResult<StatusInfo> Answer(HttpContext context, Job job)
    {
        context.Response.Headers.Location = Url(job.Id);
        bool open = job.Status is DocumentStatus.Accepted or DocumentStatus.Processing;
        return TypedResults.Json(Of(job), WireJson.Strict.StatusInfo, statusCode: open ? StatusCodes.Status202Accepted : StatusCodes.Status200OK);
    }
}

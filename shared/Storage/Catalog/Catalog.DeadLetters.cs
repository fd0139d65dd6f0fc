using System.Globalization;
using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>A job that was given up and still has what it carried.</summary>
/// <param name="Job">Its row.</param>
/// <param name="Detail">The exception with its stack.</param>
public sealed record DeadLetter(Job Job, string? Detail);

public sealed partial class Catalog
{
    private const string IsDead = "j.status = 3 AND j.payload IS NOT NULL";
    // Sorts behind every id.
    private const string Newest = "g";

    /// <summary>Jobs, the newest first, from behind <paramref name="after"/>; without what they carry.</summary>
    public Task<IReadOnlyList<Job>> ListJobsAsync(long? collection, DocumentStatus? status, Guid? after, int limit, CancellationToken cancellationToken) =>
        ListJobsAsync(status switch
        {
            null => "1",
            // What the partial indexes are for.
            DocumentStatus.Failed => "j.status = 3",
            DocumentStatus.Accepted or DocumentStatus.Processing => string.Create(CultureInfo.InvariantCulture, $"j.status < 2 AND j.status = {(int)status}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"j.status = {(int)status}"),
        }, collection, after, limit, cancellationToken);

    /// <summary>Dead letters, the newest first, from behind <paramref name="after"/>; without what they carry.</summary>
    public Task<IReadOnlyList<Job>> ListDeadLettersAsync(long? collection, Guid? after, int limit, CancellationToken cancellationToken) => ListJobsAsync(IsDead, collection, after, limit, cancellationToken);

    /// <summary>Null when there is none.</summary>
    public Task<DeadLetter?> FindDeadLetterAsync(Guid id, CancellationToken cancellationToken) => ReadAsync(session =>
        session.Query($"SELECT j.detail FROM jobs j WHERE j.id = $1 AND {IsDead}", r => (Detail: Text(r, 0), Job: Find(session, id)!), id.ToString()) is [var found] ? new DeadLetter(found.Job, found.Detail) : null, cancellationToken);

    /// <summary>Makes a dead letter due again, with all its attempts; null when there is none. A newer version that was accepted meanwhile still wins.</summary>
    public async Task<Job?> ReplayAsync(Guid id, CancellationToken cancellationToken)
    {
        Job? job = await _writer.WriteAsync(session => ChangeDead(session, id,
            "status = 0, attempts = 0, crashes = 0, error = NULL, detail = NULL, next_attempt_at = 0, lease_until = 0, finished_at = 0", "replayed"), cancellationToken).ConfigureAwait(false);
        if (job is not null)
        {
            Interlocked.Increment(ref _openJobs);
            _due.Writer.TryWrite(true);
        }
        return job;
    }

    /// <summary>Lets go what a dead letter carries; the job stays failed. Null when there is none.</summary>
    public Task<Job?> DropAsync(Guid id, CancellationToken cancellationToken) =>
        _writer.WriteAsync(session => ChangeDead(session, id, "payload = NULL, content = NULL, detail = NULL", "dropped"), cancellationToken);

    private Job? ChangeDead(Session session, Guid id, string change, string step)
    {
        if (Find(session, id) is not { Status: DocumentStatus.Failed, Payload: not null } job)
        {
            return null;
        }
        session.Execute($"UPDATE jobs SET {change}, timeline = $1 WHERE id = $2", Json([.. job.Timeline, Entry(step)]), id.ToString());
        return Find(session, id);
    }

    private Task<IReadOnlyList<Job>> ListJobsAsync(string condition, long? collection, Guid? after, int limit, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<Job>>(session => session.Query(
        $"SELECT {Job.ColumnsWithoutPayload} FROM jobs j JOIN collections c ON c.id = j.collection WHERE {condition} AND ($1 IS NULL OR j.collection = $1) AND j.id < $2 ORDER BY j.id DESC LIMIT $3",
        Job.Read, collection, after?.ToString() ?? Newest, (long)limit), cancellationToken);
}

using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.Storage;

public sealed partial class Catalog
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Records a change; durable on return. A version that is left out is the next one; one that is not newer than the last accepted makes a job that is
    /// superseded at once. Older jobs of the document that have not begun are superseded by this one.
    /// </summary>
    public Task<Job> AcceptAsync(CollectionRow collection, JobKind kind, JobQueue queue, DocumentInput document, string mediaType, CancellationToken cancellationToken) =>
        AcceptAsync(collection, new JobOrder(kind, queue, mediaType), document, cancellationToken);

    /// <inheritdoc cref="AcceptAsync(CollectionRow, JobKind, JobQueue, DocumentInput, string, CancellationToken)"/>
    public async Task<Job> AcceptAsync(CollectionRow collection, JobOrder order, DocumentInput document, CancellationToken cancellationToken)
    {
        (Job job, List<Guid> superseded) = await _writer.WriteAsync(session => Accept(session, collection, order, document), cancellationToken).ConfigureAwait(false);
        Interlocked.Add(ref _openJobs, (job.IsFinished ? 0 : 1) - superseded.Count);
        SignalFinished(superseded);
        _due.Writer.TryWrite(true);
        return job;
    }

    /// <summary>Null when there is none.</summary>
    public Task<Job?> FindJobAsync(Guid id, CancellationToken cancellationToken) => ReadAsync(session => Find(session, id), cancellationToken);

    /// <summary>The bytes of the file that a job carries; null when it carries a text, or is finished.</summary>
    public Task<byte[]?> ReadContentAsync(Job job, CancellationToken cancellationToken) =>
        ReadAsync(session => session.Query("SELECT content FROM jobs WHERE id = $1", r => r.IsDBNull(0) ? null : r.GetFieldValue<byte[]>(0), job.Id.ToString()).FirstOrDefault(), cancellationToken);

    /// <summary>Returns when the job is finished; when its collection was deleted meanwhile, NotFound.</summary>
    public async Task<Job> WaitAsync(Guid id, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Before the look, so that an end between the two is not missed.
            TaskCompletionSource finished = _finished.GetOrAdd(id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            Job? job = await FindJobAsync(id, cancellationToken).ConfigureAwait(false);
            if (job is not { IsFinished: false })
            {
                SignalFinished(id);
                return job ?? throw new RetrievalException(ErrorKind.NotFound, $"Job {id} is gone: its collection was deleted.", "job", $"{id}");
            }
            await Task.WhenAny(finished.Task, Task.Delay(Poll, _time, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private (Job, List<Guid>) Accept(Session session, CollectionRow collection, JobOrder order, DocumentInput document)
    {
        if (!Exists(session, collection))
        {
            throw Unknown(collection.Name);
        }
        long last = session.Scalar<long?>("SELECT accepted_version FROM documents WHERE collection = $1 AND id = $2", collection.Id, document.Id) ?? 0;
        long version = document.Version ?? (last < long.MaxValue ? last + 1 : throw new RetrievalException(ErrorKind.Conflict,
            $"Document '{document.Id}' has the largest version there is.", "version", null, $"{long.MaxValue}", "Write the content under another id."));
        Guid id = JobId.New(_time);
        bool late = version <= last;
        string? error = late ? $"Version {version} is not newer than version {last}, which was accepted before." : null;
        List<TimelineEntry> timeline = [Entry("accepted"), .. late ? [Entry("superseded", error)] : Array.Empty<TimelineEntry>()];
        session.Execute("INSERT INTO jobs(id, collection, document, kind, queue, version, status, payload, media_type, error, timeline, finished_at, load, content) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            id.ToString(), collection.Id, document.Id, (long)order.Kind, (long)order.Queue, version, (long)(late ? DocumentStatus.Superseded : DocumentStatus.Accepted),
            late ? null : JsonSerializer.Serialize(document with { Version = version }, WireJson.Lenient.DocumentInput), order.MediaType, error, Json(timeline), late ? Now() : 0L, order.Load?.ToString(), late ? null : order.Content);
        List<Guid> superseded = [];
        if (!late)
        {
            session.Execute("INSERT INTO documents(collection, id, accepted_version, job) VALUES($1, $2, $3, $4) ON CONFLICT(collection, id) DO UPDATE SET accepted_version = $3, job = $4",
                collection.Id, document.Id, version, id.ToString());
            superseded = session.Query("SELECT id FROM jobs WHERE collection = $1 AND document = $2 AND status = 0 AND id <> $3", r => Guid.Parse(r.GetString(0)), collection.Id, document.Id, id.ToString());
            superseded.ForEach(older => Finish(session, Find(session, older)!, DocumentStatus.Superseded, 0, 0, [Entry("superseded", $"by version {version}")]));
        }
        return (Find(session, id)!, superseded);
    }

    private static Job? Find(Session session, Guid id) =>
        session.Query($"SELECT {Job.Columns} FROM jobs j JOIN collections c ON c.id = j.collection WHERE j.id = $1", Job.Read, id.ToString()).FirstOrDefault();

    /// <summary>Writes a terminal state; what the job carried is no longer needed.</summary>
    private void Finish(Session session, Job job, DocumentStatus status, int chunks, long generation, IEnumerable<TimelineEntry> steps) =>
        session.Execute("UPDATE jobs SET status = $1, payload = NULL, content = NULL, error = NULL, detail = NULL, chunks = $2, generation = $3, timeline = $4, finished_at = $5 WHERE id = $6",
            (long)status, (long)chunks, generation, Json([.. job.Timeline, .. steps]), Now(), job.Id.ToString());

    private TimelineEntry Entry(string step, string? note = null) => new(step, _time.GetUtcNow(), note);

    private static string Json(List<TimelineEntry> timeline) => JsonSerializer.Serialize(timeline, WireJson.Lenient.ListTimelineEntry);
}

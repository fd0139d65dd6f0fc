using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.Storage;

public sealed partial class Catalog
{
    private const long Gone = -1;
    private long _lastCollection;

    /// <summary>Voids every lease: whoever opens the folder is alone with it, so nobody can be at work. Called once at start. A process that died with a job is counted: see <see cref="ClaimDueAsync"/>.</summary>
    public Task ReleaseLeasesAsync(CancellationToken cancellationToken) =>
        _writer.WriteAsync(session => session.Execute("UPDATE jobs SET lease_until = 0, crashes = crashes + (status = 1), status = 0 WHERE status < 2"), cancellationToken);

    /// <summary>Makes jobs due again that were sent to a worker and not begun: their messages are lost, or nobody knows. One that arrives after all is one too many, which <see cref="BeginAsync"/> sees.</summary>
    public async Task ReleaseDispatchedAsync(CancellationToken cancellationToken)
    {
        await _writer.WriteAsync(session => session.Execute("UPDATE jobs SET lease_until = 0 WHERE status < 2 AND status = 0 AND lease_until > 0"), cancellationToken).ConfigureAwait(false);
        _due.Writer.TryWrite(true);
    }

    /// <summary>
    /// Leases jobs that are due: one from each collection in turn, the oldest first; never two of one document. A lease that is over makes the job due again.
    /// A process that dies takes all its jobs down, and one of them may be why: those that were there twice go one at a time, so that the others get past it.
    /// </summary>
    public Task<IReadOnlyList<Guid>> ClaimDueAsync(JobQueue queue, int most, TimeSpan lease, CancellationToken cancellationToken) =>
        _writer.WriteAsync<IReadOnlyList<Guid>>(session =>
        {
            long now = Now();
            List<long> collections = session.Query("SELECT id FROM collections ORDER BY id", r => r.GetInt64(0));
            List<(long Collection, Queue<string> Jobs)> waiting = [.. collections.OrderBy(c => c <= _lastCollection).ThenBy(c => c).Select(c => (c, new Queue<string>(session.Query(
                // Earlier by version, not by id: ids of one millisecond have no order, and clocks are set back.
                """
                SELECT j.id FROM jobs j INDEXED BY jobs_open WHERE j.status < 2 AND j.crashes < 2 AND j.queue = $1 AND j.collection = $2 AND j.lease_until <= $3 AND j.next_attempt_at <= $3
                AND NOT EXISTS (SELECT 1 FROM jobs e WHERE e.status < 2 AND e.collection = j.collection AND e.document = j.document AND e.version < j.version) ORDER BY j.id LIMIT $4
                """, r => r.GetString(0), (long)queue, c, now, (long)most))))];
            List<Guid> claimed = Suspect(session, queue, now);
            claimed.ForEach(suspect => Lease(session, suspect, now, lease));
            while (claimed.Count < most && waiting.Exists(w => w.Jobs.Count > 0))
            {
                foreach ((long collection, Queue<string> jobs) in waiting)
                {
                    if (claimed.Count < most && jobs.TryDequeue(out string? id))
                    {
                        Lease(session, Guid.Parse(id), now, lease);
                        claimed.Add(Guid.Parse(id));
                        _lastCollection = collection;
                    }
                }
            }
            return claimed;
        }, cancellationToken);

    /// <summary>Returns when something was accepted, or after the time.</summary>
    public async Task WaitForDueAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(atMost);
        try
        {
            await _due.Reader.ReadAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over: look again.
        }
    }

    /// <summary>Counts an attempt, durably, before its work begins. Null when the job is finished, held by another worker, or a newer version was accepted.</summary>
    public async Task<Job?> BeginAsync(Guid id, TimeSpan lease, CancellationToken cancellationToken)
    {
        (Job? job, bool superseded) = await _writer.WriteAsync(session =>
        {
            if (Find(session, id) is not { Status: DocumentStatus.Accepted } found)
            {
                return (null, false);
            }
            if (Newer(session, found) is { } newer)
            {
                Finish(session, found, DocumentStatus.Superseded, 0, 0, [Entry("superseded", $"by version {newer}")]);
                return (null, true);
            }
            if (found.NextAttemptAt > _time.GetUtcNow())
            {
                return (null, false); // a message that came twice, or late
            }
            session.Execute("UPDATE jobs SET status = 1, attempts = attempts + 1, lease_until = $1 WHERE id = $2", Now() + (long)lease.TotalMilliseconds, id.ToString());
            return ((Job?)(found with { Status = DocumentStatus.Processing, Attempts = found.Attempts + 1 }), false);
        }, cancellationToken).ConfigureAwait(false);
        if (superseded)
        {
            Finished(id);
        }
        return job;
    }

    /// <summary>Ends an attempt that the stop of the server cut off: the job is due as if it had not begun, apart from the attempt that was counted.</summary>
    public Task AbandonAsync(Job job, CancellationToken cancellationToken) => _writer.WriteAsync(session =>
        session.Execute("UPDATE jobs SET status = 0, lease_until = 0 WHERE id = $1 AND status = 1 AND attempts = $2", job.Id.ToString(), (long)job.Attempts), cancellationToken);

    /// <summary>Vectors of the generation that can be found now, by their <see cref="ReuseKey"/> in lower-case hex.</summary>
    public Task<IReadOnlyDictionary<string, float[]>> ReadReusableAsync(Job job, CancellationToken cancellationToken) => ReadAsync<IReadOnlyDictionary<string, float[]>>(session =>
    {
        Dictionary<string, float[]> vectors = [];
        session.Query("SELECT c.reuse_key, c.vector FROM documents d JOIN chunks c ON c.document = d.key WHERE d.collection = $1 AND d.id = $2",
            r => vectors[Convert.ToHexStringLower(r.GetFieldValue<byte[]>(0))] = Vector(r.GetFieldValue<byte[]>(1)), job.CollectionId, job.Document);
        return vectors;
    }, cancellationToken);

    /// <summary>Prolongs the lease of an attempt that takes long. False when there is nothing left to work for: the job is finished, gone, or with another worker, or a newer version was accepted.</summary>
    public async Task<bool> ExtendLeaseAsync(Job job, TimeSpan lease, CancellationToken cancellationToken)
    {
        (bool held, bool superseded) = await _writer.WriteAsync(session => MayWrite(session, job, out CollectionRow? collection)
            ? (session.Execute("UPDATE jobs SET lease_until = $1 WHERE id = $2 AND status = 1 AND attempts = $3", Now() + (long)lease.TotalMilliseconds, job.Id.ToString(), (long)job.Attempts) > 0, false)
            : (false, collection is not null), cancellationToken).ConfigureAwait(false);
        if (superseded)
        {
            Finished(job.Id);
        }
        return held;
    }

    /// <summary>
    /// In one transaction: the new generation's chunks, vectors and words in, the old ones out, the document flipped, seq counted up, the job indexed.
    /// When a newer version was accepted meanwhile, the job was finished by another worker, or the collection is gone, nothing is written. Returns the seq, 0 when nothing was written.
    /// </summary>
    public async Task<long> StoreAsync(Job job, DocumentInput document, IReadOnlyList<NewChunk> chunks, string space, IReadOnlyList<TimelineEntry> steps, CancellationToken cancellationToken)
    {
        long seq = await _writer.WriteAsync(session =>
        {
            if (!MayWrite(session, job, out CollectionRow? collection))
            {
                return collection is null ? Gone : 0;
            }
            VectorSpace.Require(collection.Space, space, "The document's vectors");
            (long key, long generation) = Empty(session, collection, job);
            foreach (NewChunk chunk in chunks)
            {
                Insert(session, collection, key, generation, job.Document, document, chunk);
            }
            long next = NextSeq(session, collection);
            session.Execute("UPDATE documents SET seq = $1, generation = $2, live = 1, version = $3, chunks = $4, title = $5, text = $6, url = $7, metadata = $8 WHERE key = $9",
                next, generation, job.Version, (long)chunks.Count, document.Title, document.Text, document.Url,
                document.Metadata is null ? null : JsonSerializer.Serialize(document.Metadata, WireJson.Lenient.DictionaryStringJsonElement), key);
            session.Execute("UPDATE jobs SET reused = $1 WHERE id = $2", (long)chunks.Count(c => c.IsReused), job.Id.ToString());
            Finish(session, job, DocumentStatus.Indexed, chunks.Count, generation, [.. steps, Stored(steps), Entry("indexed", string.Create(CultureInfo.InvariantCulture, $"generation {generation}, seq {next}"))]);
            return next;
        }, cancellationToken).ConfigureAwait(false);
        return Written(job, seq);
    }

    /// <summary>Removes a document. The row stays as a mark with its seq, so that followers see it go.</summary>
    public async Task<long> RemoveAsync(Job job, CancellationToken cancellationToken)
    {
        long seq = await _writer.WriteAsync(session =>
        {
            if (!MayWrite(session, job, out CollectionRow? collection))
            {
                return collection is null ? Gone : 0;
            }
            (long key, long generation) = Empty(session, collection, job);
            long next = NextSeq(session, collection);
            session.Execute("UPDATE documents SET seq = $1, generation = $2, live = 0, version = $3, chunks = 0, title = NULL, text = NULL, url = NULL, metadata = NULL WHERE key = $4", next, generation, job.Version, key);
            Finish(session, job, DocumentStatus.Deleted, 0, generation, [Entry("deleted", string.Create(CultureInfo.InvariantCulture, $"seq {next}"))]);
            return next;
        }, cancellationToken).ConfigureAwait(false);
        return Written(job, seq);
    }

    /// <summary>Ends an attempt: due again at a time, or given up when there is none. Nothing happens when another attempt has begun or the job is finished.</summary>
    public async Task FailAsync(Job job, string reason, string? detail, DateTimeOffset? nextAttempt, CancellationToken cancellationToken)
    {
        int rows = await _writer.WriteAsync(session => session.Execute(
            "UPDATE jobs SET status = $1, error = $2, detail = $3, lease_until = 0, next_attempt_at = $4, timeline = $5, finished_at = $6 WHERE id = $7 AND status < 2 AND attempts = $8",
            (long)(nextAttempt is null ? DocumentStatus.Failed : DocumentStatus.Accepted), reason, detail, nextAttempt?.ToUnixTimeMilliseconds() ?? 0L,
            Json([.. job.Timeline, Entry(nextAttempt is null ? "failed" : "retry", $"attempt {job.Attempts}: {reason}")]), nextAttempt is null ? Now() : 0L, job.Id.ToString(), (long)job.Attempts), cancellationToken).ConfigureAwait(false);
        if (nextAttempt is null && rows > 0)
        {
            Finished(job.Id);
        }
    }

    private TimelineEntry Stored(IReadOnlyList<TimelineEntry> steps) =>
        new("stored", _time.GetUtcNow(), null, steps.Count == 0 ? null : Math.Round((_time.GetUtcNow() - steps[^1].At).TotalMilliseconds, 3));

    private long Written(Job job, long seq)
    {
        if (seq == Gone)
        {
            return 0; // whoever finished the job has counted it
        }
        Finished(job.Id);
        _changed.Writer.TryWrite(true);
        return seq;
    }

    private void Finished(Guid job)
    {
        Interlocked.Decrement(ref _openJobs);
        SignalFinished(job);
        _due.Writer.TryWrite(true);
    }

    private static List<Guid> Suspect(Session session, JobQueue queue, long now) =>
        session.Scalar<long?>("SELECT 1 FROM jobs WHERE status < 2 AND crashes >= 2 AND lease_until > $1 LIMIT 1", now) is not null ? [] : session.Query(
            """
            SELECT j.id FROM jobs j WHERE j.status < 2 AND j.crashes >= 2 AND j.queue = $1 AND j.lease_until <= $2 AND j.next_attempt_at <= $2
            AND NOT EXISTS (SELECT 1 FROM jobs e WHERE e.status < 2 AND e.collection = j.collection AND e.document = j.document AND e.version < j.version) ORDER BY j.crashes, j.id LIMIT 1
            """, r => Guid.Parse(r.GetString(0)), (long)queue, now);

    private static void Lease(Session session, Guid id, long now, TimeSpan lease) =>
        session.Execute("UPDATE jobs SET crashes = crashes + (status = 1), status = 0, lease_until = $1 WHERE id = $2", now + (long)lease.TotalMilliseconds, id.ToString());

    private static long? Newer(Session session, Job job) =>
        session.Scalar<long?>("SELECT accepted_version FROM documents WHERE collection = $1 AND id = $2", job.CollectionId, job.Document) is { } accepted && accepted > job.Version ? accepted : null;

    /// <summary>False when a newer version was accepted, which is then recorded; without a collection when it is gone or the job is finished, so that there is nothing to record.</summary>
    private bool MayWrite(Session session, Job job, [NotNullWhen(true)] out CollectionRow? collection)
    {
        bool isOpen = session.Scalar<long?>("SELECT id IS NOT NULL FROM jobs WHERE id = $1 AND status < 2", job.Id.ToString()) is not null;
        collection = isOpen ? session.Query($"SELECT {CollectionRow.Columns} FROM collections WHERE id = $1", CollectionRow.Read, job.CollectionId).FirstOrDefault() : null;
        if (collection is not null && Newer(session, job) is { } newer)
        {
            Finish(session, job, DocumentStatus.Superseded, 0, 0, [Entry("superseded", $"by version {newer}")]);
            return false;
        }
        return collection is not null;
    }

    /// <summary>Takes the old generation's chunks and words out.</summary>
    private static (long Key, long Generation) Empty(Session session, CollectionRow collection, Job job)
    {
        (long key, long generation) = session.Query("SELECT key, generation FROM documents WHERE collection = $1 AND id = $2", r => (r.GetInt64(0), r.GetInt64(1)), collection.Id, job.Document).Single();
        session.Execute($"DELETE FROM {WordTable(collection.Id)} WHERE rowid IN (SELECT row FROM chunks WHERE document = $1)", key);
        session.Execute("DELETE FROM chunks WHERE document = $1", key);
        return (key, generation + 1);
    }

    private static void Insert(Session session, CollectionRow collection, long key, long generation, string id, DocumentInput document, NewChunk chunk)
    {
        if (chunk.Vector.Length != collection.Dimensions)
        {
            throw new RetrievalException(ErrorKind.Internal, $"A vector has {chunk.Vector.Length} dimensions; collection '{collection.Name}' stores {collection.Dimensions}.");
        }
        if (chunk.Vector.AsSpan().IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) is >= 0 and int at)
        {
            throw new RetrievalException(ErrorKind.Internal, $"Dimension {at} of the vector of chunk {chunk.Ordinal} of document '{id}' is {chunk.Vector[at]}: the encoder's model has given no finite number.");
        }
        byte[] chunkId = ChunkId.Of(collection.Name, id, generation, chunk.Ordinal).ToByteArray(bigEndian: true);
        session.Execute("""INSERT INTO chunks(document, ordinal, id, start, "end", tokens, reuse_key, vector, headings, page) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
            key, (long)chunk.Ordinal, chunkId, (long)chunk.Start, (long)chunk.End, (long)chunk.Tokens, chunk.ReuseKey, MemoryMarshal.AsBytes(chunk.Vector.AsSpan()).ToArray(), HeadingPath.Write(chunk.Headings), (long?)chunk.Page);
        session.Execute($"INSERT INTO {WordTable(collection.Id)}(rowid, title, text) VALUES(last_insert_rowid(), $1, $2)", document.Title, document.Text![chunk.Start..chunk.End]);
    }

    private static long NextSeq(Session session, CollectionRow collection) => session.Scalar<long>("UPDATE collections SET seq = seq + 1 WHERE id = $1 RETURNING seq", collection.Id);
}

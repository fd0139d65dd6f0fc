using System.Text.Json;
using Microsoft.Data.Sqlite;
using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>A collection as the roles need it. Marks of removed documents up to <c>MarksGone</c> are no longer there: a follower that has not come so far begins anew.</summary>
public sealed record CollectionRow(long Id, string Name, string Encoder, string Space, int Dimensions, ChunkingSettings Chunking, long Seq, string? Codec = null, long MarksGone = 0, IndexKind Index = IndexKind.Auto)
{
    internal const string Columns = "id, name, encoder, space, dimensions, chunking, seq, codec, marks_gone, index_kind";

    internal static CollectionRow Read(SqliteDataReader r) => new(r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetInt32(4),
        JsonSerializer.Deserialize(r.GetString(5), WireJson.Lenient.ChunkingSettings)!, r.GetInt64(6), r.IsDBNull(7) ? null : r.GetString(7), r.GetInt64(8), (IndexKind)r.GetInt32(9));
}

/// <summary>A job row: the truth about one change of one document.</summary>
public sealed record Job
{
    internal const string Columns = "j.id, j.collection, c.name, j.document, j.kind, j.queue, j.version, j.status, j.payload, j.media_type, j.attempts, j.error, j.timeline, j.chunks, j.generation, j.next_attempt_at, j.finished_at, j.crashes, j.reused, j.load";
    /// <summary>Of many jobs at once: a payload may be long.</summary>
    internal const string ColumnsWithoutPayload = "j.id, j.collection, c.name, j.document, j.kind, j.queue, j.version, j.status, NULL, j.media_type, j.attempts, j.error, j.timeline, j.chunks, j.generation, j.next_attempt_at, j.finished_at, j.crashes, j.reused, j.load";

    /// <summary>Id; the only thing that a message carries.</summary>
    public required Guid Id { get; init; }
    /// <summary>Key of the collection.</summary>
    public required long CollectionId { get; init; }
    /// <summary>Name of the collection.</summary>
    public required string Collection { get; init; }
    /// <summary>Id of the document.</summary>
    public required string Document { get; init; }
    /// <summary>Write or remove.</summary>
    public required JobKind Kind { get; init; }
    /// <summary>Queue.</summary>
    public required JobQueue Queue { get; init; }
    /// <summary>Version of the document.</summary>
    public required long Version { get; init; }
    /// <summary>Where it stands.</summary>
    public required DocumentStatus Status { get; init; }
    /// <summary>What was accepted; null once it is no longer needed.</summary>
    public DocumentInput? Payload { get; init; }
    /// <summary>Media type of the text.</summary>
    public required string MediaType { get; init; }
    /// <summary>Attempts that began.</summary>
    public required int Attempts { get; init; }
    /// <summary>Why it failed or waits.</summary>
    public string? Error { get; init; }
    /// <summary>Its way so far.</summary>
    public required IReadOnlyList<TimelineEntry> Timeline { get; init; }
    /// <summary>Chunks that it wrote.</summary>
    public required int Chunks { get; init; }
    /// <summary>Generation that it wrote.</summary>
    public required long Generation { get; init; }
    /// <summary>Not before this.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }
    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }
    /// <summary>Attempts that neither succeeded nor failed: the process died, or the lease ran out.</summary>
    public int Crashes { get; init; }
    /// <summary>Chunks that kept the vector of the generation before.</summary>
    public int Reused { get; init; }
    /// <summary>The bulk load that it came with.</summary>
    public Guid? Load { get; init; }

    /// <summary>Nothing will change any more.</summary>
    public bool IsFinished => Status is not (DocumentStatus.Accepted or DocumentStatus.Processing);

    internal static Job Read(SqliteDataReader r) => new()
    {
        Id = Guid.Parse(r.GetString(0)),
        CollectionId = r.GetInt64(1),
        Collection = r.GetString(2),
        Document = r.GetString(3),
        Kind = (JobKind)r.GetInt32(4),
        Queue = (JobQueue)r.GetInt32(5),
        Version = r.GetInt64(6),
        Status = (DocumentStatus)r.GetInt32(7),
        Payload = r.IsDBNull(8) ? null : JsonSerializer.Deserialize(r.GetString(8), WireJson.Lenient.DocumentInput),
        MediaType = r.GetString(9),
        Attempts = r.GetInt32(10),
        Error = r.IsDBNull(11) ? null : r.GetString(11),
        Timeline = JsonSerializer.Deserialize(r.GetString(12), WireJson.Lenient.ListTimelineEntry)!,
        Chunks = r.GetInt32(13),
        Generation = r.GetInt64(14),
        NextAttemptAt = Time(r.GetInt64(15)),
        FinishedAt = Time(r.GetInt64(16)),
        Crashes = r.GetInt32(17),
        Reused = r.GetInt32(18),
        Load = r.IsDBNull(19) ? null : Guid.Parse(r.GetString(19)),
    };

    private static DateTimeOffset? Time(long milliseconds) => milliseconds > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;
}

/// <summary>A chunk to store.</summary>
/// <param name="Ordinal">Its number in the document, from 0.</param>
/// <param name="Start">First UTF-16 index in the document's text.</param>
/// <param name="End">Index after the last.</param>
/// <param name="Tokens">Tokens of its text.</param>
/// <param name="Vector">Numbers of the collection's dimensions.</param>
/// <param name="ReuseKey">See <see cref="Contracts.ReuseKey"/>.</param>
/// <param name="IsReused">The vector is that of the generation before.</param>
public sealed record NewChunk(int Ordinal, int Start, int End, int Tokens, float[] Vector, byte[] ReuseKey, bool IsReused = false)
{
    /// <summary>Headings above it, outermost first.</summary>
    public IReadOnlyList<string>? Headings { get; init; }

    /// <summary>Page on which it begins, from 1.</summary>
    public int? Page { get; init; }
}

/// <summary>What a job is to do, beside the document.</summary>
/// <param name="Kind">Write or remove.</param>
/// <param name="Queue">Which queue it waits in.</param>
/// <param name="MediaType">Of the text; empty for a removal.</param>
/// <param name="Load">The bulk load that it comes with.</param>
public sealed record JobOrder(JobKind Kind, JobQueue Queue, string MediaType, Guid? Load = null)
{
    /// <summary>A file whose text is yet to be read; it stays in the job's row until that is finished.</summary>
    public byte[]? Content { get; init; }
}

/// <summary>A chunk as hits show it.</summary>
public sealed record StoredChunk
{
    /// <summary>Row, the index's handle.</summary>
    public required long Row { get; init; }
    /// <summary>Chunk id.</summary>
    public required Guid Id { get; init; }
    /// <summary>Document id.</summary>
    public required string Document { get; init; }
    /// <summary>Title of the document.</summary>
    public string? Title { get; init; }
    /// <summary>Text of the chunk.</summary>
    public required string Text { get; init; }
    /// <summary>First UTF-16 index in the document's text.</summary>
    public required int Start { get; init; }
    /// <summary>Index after the last.</summary>
    public required int End { get; init; }
    /// <summary>Metadata of the document.</summary>
    public Dictionary<string, JsonElement>? Metadata { get; init; }
    /// <summary>Headings above it, outermost first.</summary>
    public IReadOnlyList<string>? Headings { get; init; }
    /// <summary>Page on which it begins, from 1.</summary>
    public int? Page { get; init; }
}

/// <summary>A document that changed: the chunks that it has now, none when it was removed.</summary>
/// <param name="Seq">Its number.</param>
/// <param name="Document">Key of the document.</param>
/// <param name="Id">Id of the document.</param>
/// <param name="Metadata">JSON of its metadata.</param>
/// <param name="Chunks">Rows and vectors.</param>
public sealed record DocumentChange(long Seq, long Document, string Id, string? Metadata, IReadOnlyList<(long Row, float[] Vector)> Chunks);

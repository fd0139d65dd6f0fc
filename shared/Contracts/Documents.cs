using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Contracts;

/// <summary>A document as it comes in and as GET returns it.</summary>
public sealed record DocumentInput
{
    /// <summary>Unique in its collection; 1 to 512 characters. In a PUT it may be left out or must equal the path.</summary>
    public string? Id { get; init; }
    /// <summary>Encoded in front of every chunk, and shown with hits.</summary>
    public string? Title { get; init; }
    /// <summary>The text. Offsets everywhere are UTF-16 indexes into it.</summary>
    public string? Text { get; init; }
    /// <summary>Where the original is.</summary>
    public string? Url { get; init; }
    /// <summary>Free fields to filter by.</summary>
    public Dictionary<string, JsonElement>? Metadata { get; init; }
    /// <summary>Order of the document's versions; a smaller or equal one than the last accepted is superseded. Assigned when left out.</summary>
    public long? Version { get; init; }
}

/// <summary>Where a document's latest change stands.</summary>
[JsonConverter(typeof(WireWord<DocumentStatus>))]
public enum DocumentStatus
{
    /// <summary>Durable, not begun or waiting for its next attempt.</summary>
    [JsonStringEnumMemberName("accepted")] Accepted,
    /// <summary>A worker holds it.</summary>
    [JsonStringEnumMemberName("processing")] Processing,
    /// <summary>Searchable.</summary>
    [JsonStringEnumMemberName("indexed")] Indexed,
    /// <summary>Given up; the error says why.</summary>
    [JsonStringEnumMemberName("failed")] Failed,
    /// <summary>A newer version came first.</summary>
    [JsonStringEnumMemberName("superseded")] Superseded,
    /// <summary>Removed.</summary>
    [JsonStringEnumMemberName("deleted")] Deleted,
}

/// <summary>What a job does.</summary>
public enum JobKind
{
    /// <summary>Write or replace a document.</summary>
    Upsert,
    /// <summary>Remove a document.</summary>
    Delete,
}

/// <summary>Which queue a job waits in.</summary>
public enum JobQueue
{
    /// <summary>Single documents: somebody is waiting.</summary>
    Interactive,
    /// <summary>Bulk loads.</summary>
    Bulk,
}

/// <summary>One step of a document's way.</summary>
/// <param name="Step">accepted, processing, read, chunked, encoded, stored, indexed, retry, failed, superseded, deleted, replayed or dropped.</param>
/// <param name="At">When it was reached.</param>
/// <param name="Note">A figure or a reason.</param>
/// <param name="Milliseconds">How long the step took; not there for what only happens.</param>
public sealed record TimelineEntry(string Step, DateTimeOffset At, string? Note = null, double? Milliseconds = null);

/// <summary>Answer to a document's PUT and DELETE, and of its status URL.</summary>
public sealed record StatusInfo
{
    /// <summary>The document.</summary>
    public required string Id { get; init; }
    /// <summary>Its collection.</summary>
    public required string Collection { get; init; }
    /// <summary>The job that carries the change.</summary>
    public required Guid Job { get; init; }
    /// <summary>Where to ask again.</summary>
    public required string StatusUrl { get; init; }
    /// <summary>Where it stands.</summary>
    public required DocumentStatus Status { get; init; }
    /// <summary>Why it failed or waits, for a person.</summary>
    public string? Error { get; init; }
    /// <summary>Version of the document that the job carries.</summary>
    public required long Version { get; init; }
    /// <summary>Chunks that it became.</summary>
    public required int Chunks { get; init; }
    /// <summary>Chunks among them that kept the vector they had.</summary>
    public required int Reused { get; init; }
    /// <summary>Generation that it wrote; 0 while none.</summary>
    public required long Generation { get; init; }
    /// <summary>Attempts that began.</summary>
    public required int Attempts { get; init; }
    /// <summary>The way so far.</summary>
    public required IReadOnlyList<TimelineEntry> Timeline { get; init; }
}

/// <summary>One line of the answer to a bulk load.</summary>
public sealed record BulkVerdict(string? Id, DocumentStatus Status, string? Error = null);

/// <summary>A document as GET returns it: what can be found now, or what was accepted when nothing is indexed yet.</summary>
public sealed record DocumentInfo
{
    /// <summary>Unique in its collection.</summary>
    public required string Id { get; init; }
    /// <summary>Title.</summary>
    public string? Title { get; init; }
    /// <summary>The text that offsets point into.</summary>
    public required string Text { get; init; }
    /// <summary>Where the original is.</summary>
    public string? Url { get; init; }
    /// <summary>Free fields.</summary>
    public Dictionary<string, JsonElement>? Metadata { get; init; }
    /// <summary>Version of the content shown.</summary>
    public required long Version { get; init; }
    /// <summary>Status of the latest change.</summary>
    public required DocumentStatus Status { get; init; }
    /// <summary>Chunks that can be found.</summary>
    public required int Chunks { get; init; }
    /// <summary>Generation that can be found; 0 while none.</summary>
    public required long Generation { get; init; }
}

/// <summary>One row of a document list.</summary>
/// <param name="Id">Id.</param>
/// <param name="Title">Title.</param>
/// <param name="Status">Of the latest change.</param>
/// <param name="Version">Of the content that can be found.</param>
/// <param name="Chunks">That can be found.</param>
/// <param name="Generation">That can be found.</param>
/// <param name="Source">Where it is from, in the list of a source's documents.</param>
public sealed record DocumentRow(string Id, string? Title, DocumentStatus Status, long Version, int Chunks, long Generation, DocumentSource? Source = null);

/// <summary>What a folder source keeps in a document's metadata, under <see cref="Key"/>: how it finds what it has sent before.</summary>
/// <param name="Name">Of the source; for the command line the full path of the folder.</param>
/// <param name="Path">Of the file below the folder, with slashes.</param>
/// <param name="Sha256">Of the file, or of the record in it; lower-case hex.</param>
public sealed record DocumentSource(string Name, string Path, string Sha256)
{
    /// <summary>The field of the metadata.</summary>
    public const string Key = "source";
}

/// <summary>Answer of <c>GET /v1/collections/{c}/documents</c>, ordered by id.</summary>
/// <param name="Documents">At most <c>limit</c> rows.</param>
/// <param name="Next">Pass as <c>after</c> for the next page; null at the end.</param>
public sealed record DocumentList(IReadOnlyList<DocumentRow> Documents, string? Next);

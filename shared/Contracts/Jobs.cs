using System.Text.Json.Serialization;

namespace Retrieval.Contracts;

/// <summary>Answer of <c>GET /v1/jobs</c>, the newest first.</summary>
/// <param name="Jobs">At most <c>limit</c>.</param>
/// <param name="Next">Pass as <c>after</c> for the next page; null at the end.</param>
public sealed record JobList(IReadOnlyList<StatusInfo> Jobs, Guid? Next);

/// <summary>A change that was given up, with everything that is known.</summary>
public sealed record DeadLetterInfo
{
    /// <summary>The job as its status URL tells it; its error is the reason.</summary>
    public required StatusInfo Status { get; init; }
    /// <summary>upsert or delete.</summary>
    public required ChangeAction Action { get; init; }
    /// <summary>When it was given up.</summary>
    public DateTimeOffset? FailedAt { get; init; }
    /// <summary>Where the document is that the job carries.</summary>
    public required string PayloadUrl { get; init; }
    /// <summary>The exception with its stack; only for one dead letter, not in lists.</summary>
    public string? Stack { get; init; }
}

/// <summary>Answer of <c>GET /v1/dead-letters</c>, the newest first.</summary>
/// <param name="DeadLetters">At most <c>limit</c>.</param>
/// <param name="Next">Pass as <c>after</c> for the next page; null at the end.</param>
public sealed record DeadLetterList(IReadOnlyList<DeadLetterInfo> DeadLetters, Guid? Next);

/// <summary>Answer of <c>POST /v1/dead-letters/replay</c>.</summary>
/// <param name="Replayed">Dead letters that are due again.</param>
public sealed record ReplayedInfo(int Replayed);

/// <summary>Where the documents of a bulk load stand.</summary>
public sealed record LoadInfo
{
    /// <summary>The load.</summary>
    public required Guid Load { get; init; }
    /// <summary>Durable, not begun or waiting for the next attempt.</summary>
    public required long Accepted { get; init; }
    /// <summary>In work.</summary>
    public required long Processing { get; init; }
    /// <summary>Searchable.</summary>
    public required long Indexed { get; init; }
    /// <summary>Given up.</summary>
    public required long Failed { get; init; }
    /// <summary>A newer version came first.</summary>
    public required long Superseded { get; init; }
    /// <summary>Nothing is open.</summary>
    public bool IsFinished => Accepted + Processing == 0;
}

/// <summary>What a collection's event stream tells.</summary>
/// <param name="Documents">That can be found.</param>
/// <param name="Chunks">That can be found.</param>
/// <param name="OpenJobs">Not finished.</param>
/// <param name="Seq">Last change.</param>
public sealed record CollectionProgress(long Documents, long Chunks, long OpenJobs, long Seq);

/// <summary>What a change does.</summary>
[JsonConverter(typeof(WireWord<ChangeAction>))]
public enum ChangeAction
{
    /// <summary>Write or replace the document.</summary>
    [JsonStringEnumMemberName("upsert")] Upsert,
    /// <summary>Remove it.</summary>
    [JsonStringEnumMemberName("delete")] Delete,
}

using System.Text.Json.Serialization;

namespace Retrieval.Contracts;

/// <summary>How a collection's vectors are searched once a codec compresses them; without one every vector is looked at, whatever the size.</summary>
[JsonConverter(typeof(WireWord<IndexKind>))]
public enum IndexKind
{
    /// <summary>By the size of its files and by the codec.</summary>
    [JsonStringEnumMemberName("auto")] Auto,
    /// <summary>Every vector itself is looked at.</summary>
    [JsonStringEnumMemberName("exact")] Exact,
    /// <summary>Inverted lists: quick to build, and the better choice over codes of half bytes.</summary>
    [JsonStringEnumMemberName("ivf")] Ivf,
    /// <summary>A graph: slow to build, quick to search.</summary>
    [JsonStringEnumMemberName("graph")] Graph,
}

/// <summary>Body of <c>PUT /v1/collections/{c}</c>; everything may be left out.</summary>
public sealed record CollectionInput
{
    /// <summary>Name of the encoder model; default: the first that is served. Fixed once the collection exists.</summary>
    public string? Encoder { get; init; }

    /// <summary>How documents are cut; may be changed, and counts for documents that arrive afterwards.</summary>
    public ChunkingSettings? Chunking { get; init; }

    /// <summary>How vectors are compressed in the index: <c>int8</c>, <c>opq+:96</c>, …, or <c>none</c>. May be changed at any time; searches go on while files are written again.</summary>
    public string? Codec { get; init; }

    /// <summary>How it is searched; default auto. <c>ivf</c> and <c>graph</c> need a codec. May be changed at any time; searches go on while lists or a graph are built.</summary>
    public IndexKind? Index { get; init; }
}

/// <summary>How documents are cut into chunks.</summary>
public sealed record ChunkingSettings
{
    /// <summary>Upper limit of tokens in a chunk, title included, in the encoder's tokenizer; default: what the encoder reads at once.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>
    /// sentence: whole sentences. markdown: headings open chunks; code, tables and quotes are kept whole. tokens: as many tokens as fit, between words. late: like the first two, but a
    /// chunk's vector is pooled from the token vectors of its whole document (late chunking, arXiv 2409.04701). Default: markdown for Markdown, HTML and DOCX, else sentence.
    /// </summary>
    public string? Chunker { get; init; }

    /// <summary>Tokens that a chunk repeats from the end of the one before it, at most; default 0. They count into MaxTokens, and are at most half of it.</summary>
    public int? Overlap { get; init; }

    /// <summary>Names of the chunkers.</summary>
    public static IReadOnlyList<string> Chunkers { get; } = ["sentence", "markdown", "tokens", "late"];
}

/// <summary>Answer of <c>GET /v1/collections/{c}</c>.</summary>
public sealed record CollectionInfo
{
    /// <summary>Name in the path.</summary>
    public required string Name { get; init; }
    /// <summary>Name of the encoder model.</summary>
    public required string Encoder { get; init; }
    /// <summary>Id of the vector space that the stored vectors live in.</summary>
    public required string Space { get; init; }
    /// <summary>Numbers in a vector.</summary>
    public required int Dimensions { get; init; }
    /// <summary>How documents are cut.</summary>
    public required ChunkingSettings Chunking { get; init; }
    /// <summary>How vectors are compressed in the index; missing when they are not.</summary>
    public string? Codec { get; init; }
    /// <summary>How it is searched.</summary>
    public IndexKind Index { get; init; }
    /// <summary>Documents that can be found.</summary>
    public required long Documents { get; init; }
    /// <summary>Chunks that can be found.</summary>
    public required long Chunks { get; init; }
    /// <summary>Jobs that are not in a terminal state.</summary>
    public required long OpenJobs { get; init; }
    /// <summary>Last change that is durable; every change of a document takes the next number.</summary>
    public required long Seq { get; init; }
    /// <summary>How far the index has brought the codec; missing in lists, and before the first change is in.</summary>
    public IndexInfo? Coding { get; init; }
}

/// <summary>A collection's index and its codec.</summary>
public sealed record IndexInfo
{
    /// <summary>The codec that the index works towards; missing for none.</summary>
    public string? Codec { get; init; }
    /// <summary>What it is at.</summary>
    public required CodecStage Stage { get; init; }
    /// <summary>Chunks in files.</summary>
    public required long Sealed { get; init; }
    /// <summary>Of those, in files that are as the codec says.</summary>
    public required long Coded { get; init; }
    /// <summary>Chunks in memory, which are searched exactly.</summary>
    public required long InMemory { get; init; }
    /// <summary>Why a codec was refused, or what it waits for.</summary>
    public string? Reason { get; init; }
}

/// <summary>What an index is at with its codec.</summary>
[JsonConverter(typeof(WireWord<CodecStage>))]
public enum CodecStage
{
    /// <summary>All files are as the codec says.</summary>
    [JsonStringEnumMemberName("ready")] Ready,
    /// <summary>There are too few chunks for a codec: they are searched exactly.</summary>
    [JsonStringEnumMemberName("waiting")] Waiting,
    /// <summary>The codec is being trained.</summary>
    [JsonStringEnumMemberName("training")] Training,
    /// <summary>Files are written again.</summary>
    [JsonStringEnumMemberName("coding")] Coding,
    /// <summary>The codec does not take these vectors, or could not be trained.</summary>
    [JsonStringEnumMemberName("refused")] Refused,
}

/// <summary>Answer of <c>GET /v1/collections</c>.</summary>
public sealed record CollectionList(IReadOnlyList<CollectionInfo> Collections);

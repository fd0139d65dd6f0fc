using System.ComponentModel.DataAnnotations;

namespace Retrieval.Ingestion.Sources;

/// <summary>One of <c>Ingestion:Sources</c>: a folder of this machine that is kept in a collection.</summary>
public sealed class SourceOptions
{
    /// <summary>The folder.</summary>
    [Required, MinLength(1)]
    public string Folder { get; init; } = "";

    /// <summary>The collection; created with the default encoder when it is not there.</summary>
    [Required, MinLength(1)]
    public string Collection { get; init; } = "";

    /// <summary>Under which the documents are known as this source's; default: the folder's full path.</summary>
    public string Name { get; init; } = "";

    /// <summary>Globs of files to read, below the folder; default: every file with a known ending.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Globs of files and folders to leave out.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Seconds between two looks; changes that the system tells of are seen sooner. Default 30.</summary>
    [Range(0.1, 86_400)]
    public double Seconds { get; init; } = 30;

    /// <summary>Bytes of a file; a larger one is named in the log and left out. Default 32 MiB.</summary>
    [Range(1, 1L << 30)]
    public long MaxFileBytes { get; init; } = 32L << 20;

    /// <summary>Which fields of JSON, NDJSON and CSV are what.</summary>
    public FieldMapping Fields { get; init; } = new();
}

/// <summary>Which fields of a record are a document's id, title, text and url; everything else is metadata, unless some are named.</summary>
public sealed class FieldMapping
{
    /// <summary>Default: id.</summary>
    public string Id { get; init; } = "";

    /// <summary>Default: title.</summary>
    public string Title { get; init; } = "";

    /// <summary>Default: text. A table or a list of JSON without it is read as one document.</summary>
    public string Text { get; init; } = "";

    /// <summary>Default: url.</summary>
    public string Url { get; init; } = "";

    /// <summary>Fields that become metadata; default: all others.</summary>
    public IReadOnlyList<string> Metadata { get; init; } = [];

    /// <summary>Nothing was named: NDJSON lines are documents as the API takes them.</summary>
    public bool IsDefault => Id.Length + Title.Length + Text.Length + Url.Length + Metadata.Count == 0;
}

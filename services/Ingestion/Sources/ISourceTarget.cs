using Retrieval.Contracts;

namespace Retrieval.Ingestion.Sources;

/// <summary>Where a source's documents go: the catalog of this process (<see cref="CatalogTarget"/>), or a server through its API (the command line's).</summary>
public interface ISourceTarget
{
    /// <summary>Whether a verdict is the outcome; else the document is only accepted, and goes on by itself.</summary>
    bool Waits { get; }

    /// <summary>What is there of a source.</summary>
    Task<IReadOnlyList<DocumentRow>> KnownAsync(string source, CancellationToken cancellationToken);

    /// <summary>Sends a file.</summary>
    Task<BulkVerdict> PutFileAsync(SourceFile file, byte[] content, DocumentSource source, CancellationToken cancellationToken);

    /// <summary>Sends records; a verdict each, in order.</summary>
    Task<IReadOnlyList<BulkVerdict>> PutRecordsAsync(IReadOnlyList<SourceRecord> records, CancellationToken cancellationToken);

    /// <summary>Removes a document.</summary>
    Task<BulkVerdict> RemoveAsync(string id, CancellationToken cancellationToken);
}

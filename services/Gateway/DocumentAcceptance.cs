using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Gateway;

/// <summary>From a checked document to a durable job row.</summary>
internal sealed class DocumentAcceptance(Catalog catalog, EmbeddedIndex index, GatewayOptions options)
{
    /// <summary>Durable on return.</summary>
    public Task<Job> AcceptAsync(CollectionRow collection, JobQueue queue, DocumentInput document, string mediaType, CancellationToken cancellationToken) =>
        AcceptAsync(collection, queue, document, null, mediaType, cancellationToken);

    /// <summary>Accepts a text, or a file whose text is yet to be read. Durable on return.</summary>
    public async Task<Job> AcceptAsync(CollectionRow collection, JobQueue queue, DocumentInput document, byte[]? content, string mediaType, CancellationToken cancellationToken)
    {
        Check(document, content);
        return await AcceptAsync(collection, JobKind.Upsert, queue, document, content, mediaType, cancellationToken);
    }

    /// <summary>Accepts the removal of a document that exists.</summary>
    public async Task<Job> AcceptDeletionAsync(CollectionRow collection, string id, long? version, CancellationToken cancellationToken)
    {
        CheckVersion(version);
        if (await catalog.FindDocumentAsync(collection, id, cancellationToken) is null)
        {
            throw Unknown(collection, id);
        }
        return await AcceptAsync(collection, JobKind.Delete, JobQueue.Interactive, new DocumentInput { Id = id, Version = version }, null, "", cancellationToken);
    }

    /// <summary>Waits until the job is finished and this process's index shows it; the job as it stands when the time is over.</summary>
    public async Task<Job> WaitAsync(CollectionRow collection, Job job, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(options.WaitSeconds));
        try
        {
            Job done = await catalog.WaitAsync(job.Id, limit.Token);
            if (done.Status is DocumentStatus.Indexed or DocumentStatus.Deleted && await catalog.FindCollectionAsync(collection.Name, limit.Token) is { } now)
            {
                await index.WaitForSeqAsync(collection.Id, now.Seq, limit.Token);
            }
            return done;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return await catalog.FindJobAsync(job.Id, cancellationToken) ?? job;
        }
    }

    public static RetrievalException Unknown(CollectionRow collection, string id) => new(ErrorKind.NotFound, $"Collection '{collection.Name}' has no document '{id}'.", "id", id,
        help: $"GET /v1/collections/{collection.Name}/documents lists what is there.");

    private async Task<Job> AcceptAsync(CollectionRow collection, JobKind kind, JobQueue queue, DocumentInput document, byte[]? content, string mediaType, CancellationToken cancellationToken)
    {
        long open = catalog.OpenJobs;
        if (open >= options.MaxOpenJobs)
        {
            throw new RetrievalException(ErrorKind.Overloaded, $"{open} documents are waiting already.", "documents", $"{open}", $"{options.MaxOpenJobs} (Gateway:MaxOpenJobs)", "Try again later.");
        }
        return await catalog.AcceptAsync(collection, kind, queue, document, content, mediaType, cancellationToken);
    }

    private static void Check(DocumentInput document, byte[]? content)
    {
        Names.Document(document.Id);
        if (content is { Length: 0 })
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Document '{document.Id}' is an empty file.", "body", "0 bytes", "at least one byte", "Send the file as the body.");
        }
        if (content is null && string.IsNullOrWhiteSpace(document.Text))
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Document '{document.Id}' has no text.", "text", document.Text is null ? null : "white space only", "at least one visible character",
                "Send the text in the field 'text', or as the raw body with Content-Type text/plain or text/markdown.");
        }
        CheckVersion(document.Version);
    }

    private static void CheckVersion(long? version)
    {
        if (version is < 1)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Version {version} is not possible.", "version", $"{version}", "1 or more", "Count up, or leave the version out.");
        }
    }
}

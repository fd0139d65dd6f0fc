using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Gateway;

/// <summary>From a checked document to a durable job row.</summary>
internal sealed class DocumentAcceptance(Catalog catalog, EmbeddedIndex index, GatewayOptions options)
{
    /// <summary>Durable on return.</summary>
    public Task<Job> AcceptAsync(CollectionRow collection, JobQueue queue, DocumentInput document, string mediaType, CancellationToken cancellationToken) =>
        AcceptAsync(collection, new JobOrder(JobKind.Upsert, queue, mediaType), document, cancellationToken);

    /// <inheritdoc cref="AcceptAsync(CollectionRow, JobQueue, DocumentInput, string, CancellationToken)"/>
    public Task<Job> AcceptAsync(CollectionRow collection, JobOrder order, DocumentInput document, CancellationToken cancellationToken)
    {
        DocumentRules.RequireId(document.Id);
        RequireContent(order.Content, document);
        DocumentRules.RequireVersion(document.Version);
        return AcceptCheckedAsync(collection, order, document, cancellationToken);
    }

    /// <summary>Accepts the removal of a document that exists.</summary>
    public async Task<Job> AcceptDeletionAsync(CollectionRow collection, string id, long? version, CancellationToken cancellationToken)
    {
        DocumentRules.RequireVersion(version);
        if (await catalog.FindDocumentAsync(collection, id, cancellationToken) is null)
        {
            throw Unknown(collection, id);
        }
        return await AcceptCheckedAsync(collection, new JobOrder(JobKind.Delete, JobQueue.Interactive, ""), new DocumentInput { Id = id, Version = version }, cancellationToken);
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

    /// <summary>A file has its text yet to be read.</summary>
    private static void RequireContent(byte[]? file, DocumentInput document)
    {
        if (file is null)
        {
            DocumentRules.RequireText(document);
        }
        else if (file.Length == 0)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Document '{document.Id}' is an empty file.", "body", "0 bytes", "at least one byte", "Send the file as the body.");
        }
    }

    private async Task<Job> AcceptCheckedAsync(CollectionRow collection, JobOrder order, DocumentInput document, CancellationToken cancellationToken)
    {
        long open = catalog.OpenJobs;
        if (open >= options.MaxOpenJobs)
        {
            throw new RetrievalException(ErrorKind.Overloaded, $"{open} documents are waiting already.", "documents", $"{open}", $"{options.MaxOpenJobs} (Gateway:MaxOpenJobs)", "Try again later.");
        }
        return await catalog.AcceptAsync(collection, order, document, cancellationToken);
    }
}

using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>From another program's message to a durable job row, the same as the gateway writes for a request.</summary>
public sealed class ChangeIntake(Catalog catalog, long maxOpenJobs)
{
    /// <summary>Durable on return; a message that came before, or late, makes a job that is superseded.</summary>
    /// <exception cref="RetrievalException">NotFound: no such collection. Overloaded: try again later.</exception>
    public async Task<Job> AcceptAsync(ChangeMessage change, JobQueue queue, CancellationToken cancellationToken)
    {
        long open = catalog.OpenJobs;
        if (open >= maxOpenJobs)
        {
            throw new RetrievalException(ErrorKind.Overloaded, $"{open} documents are waiting already.", "documents", $"{open}", $"{maxOpenJobs} (Gateway:MaxOpenJobs)", "Try again later.");
        }
        CollectionRow collection = await catalog.GetCollectionAsync(change.Collection, cancellationToken).ConfigureAwait(false);
        // A removal may come before the document that it removes: its version is remembered all the same.
        DocumentInput document = change.Versioned;
        return await (change.Action == ChangeAction.Delete
            ? catalog.AcceptAsync(collection, new JobOrder(JobKind.Delete, queue, ""), new DocumentInput { Id = document.Id, Version = document.Version }, cancellationToken)
            : catalog.AcceptAsync(collection, new JobOrder(JobKind.Upsert, queue, change.MediaType ?? "text/plain"), document, cancellationToken)).ConfigureAwait(false);
    }
}

using System.Globalization;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Ingestion.Chunking;
using Retrieval.Storage;
using Retrieval.Tokenization;

namespace Retrieval.Ingestion;

/// <summary>One job: begin, read, chunk, encode, store. Everything before the store leaves no trace but the attempt that was counted.</summary>
internal sealed class IngestionWorker(WorkerTools tools, IngestionOptions options, TimeProvider time, ILogger<IngestionWorker> logger)
{
    private readonly Catalog _catalog = tools.Catalog;

    public async Task WorkAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await _catalog.BeginAsync(id, options.Lease, cancellationToken) is not { } job)
        {
            return; // finished, superseded or held by another
        }
        try
        {
            RequireSurvival(job);
            await (job.Kind == JobKind.Delete ? _catalog.RemoveAsync(job, cancellationToken) : UpsertAsync(job, cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await _catalog.AbandonAsync(job, CancellationToken.None); // the server stops, which is not the document's fault
            throw;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            await FailAsync(job, e, cancellationToken);
        }
        finally
        {
            tools.Progress.End(id);
        }
    }

    private async Task<long> UpsertAsync(Job job, CancellationToken cancellationToken)
    {
        CollectionRow collection = await _catalog.GetCollectionAsync(job.Collection, cancellationToken);
        JobTimeline steps = new(job, tools.Progress, time);

        LeaseKeeper lease = new(_catalog, job, options.Lease, time);
        if (await tools.Reader.ReadAsync(job, () => lease.KeepAsync(cancellationToken), cancellationToken) is not { } source)
        {
            return 0;
        }
        DocumentInput document = source.Document;
        steps.Add("read", $"{document.Text!.Length} characters");

        EncoderDescription model = await tools.Encoder.DescribeAsync(collection.Encoder, cancellationToken);
        VectorSpace.Require(collection.Space, model.Space.Id, $"Encoder {model.Model}");
        Tokenizer tokenizer = await tools.Tokenizers.GetAsync(model.Space.Tokenizer, cancellationToken);
        ChunkPlan plan = ChunkPlan.For(source, collection.Chunking, model, tokenizer);
        steps.Add("chunked", $"{plan.Chunks.Count} chunks");

        VectorReuse reuse = new(collection.Space, plan, await _catalog.ReadReusableAsync(job, cancellationToken));
        Task<List<float[]>?> encoding = reuse.FreshWindows is { } windows ? ChunkEncoding.EncodeLateAsync(tools.Encoder, collection, windows, () => lease.KeepAsync(cancellationToken), time, cancellationToken)
            : ChunkEncoding.EncodeAsync(tools.Encoder, collection, reuse.Fresh, () => lease.KeepAsync(cancellationToken), time, cancellationToken);
        if (await encoding is not { } vectors)
        {
            return 0;
        }
        steps.Add("encoded", reuse.Note);

        return await _catalog.StoreAsync(job, document, reuse.Complete(plan, vectors), collection.Space, steps.Entries, cancellationToken);
    }

    /// <summary>A document that takes the process down with it, or never comes to an end, cannot be told why: it is given up by the count.</summary>
    private void RequireSurvival(Job job)
    {
        if (job.Crashes >= options.MaxAttempts)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{job.Crashes} attempts at document '{job.Document}' were begun and never ended: the process died each time, or the work took longer than its lease.",
                "document", job.Document, $"{options.MaxAttempts} (Ingestion:MaxAttempts)", "Look at the document and at the log of those times; then replay the dead letter, or drop it.");
        }
    }

    /// <summary>
    /// What may pass on its own is tried again later; a document that is at fault itself is given up at once. A role that is away is no fault of
    /// the document, however long it takes: otherwise an hour without the encoder would fail everything that was accepted.
    /// </summary>
    private async Task FailAsync(Job job, Exception e, CancellationToken cancellationToken)
    {
        ErrorKind kind = (e as RetrievalException)?.Problem.Kind ?? ErrorKind.Internal;
        bool retry = kind == ErrorKind.Unavailable || (kind.IsTransient() && job.Attempts < options.MaxAttempts);
        DateTimeOffset? next = retry ? time.GetUtcNow() + options.RetryDelay(Math.Min(job.Attempts, options.MaxAttempts)) : null;
        string reason = e is RetrievalException known ? known.Problem.ToString() : $"{e.GetType().Name}: {e.Message}";
        if (next is null)
        {
            Log.GivenUp(logger, e, job.Id, job.Attempts);
        }
        else
        {
            Log.WillRetry(logger, job.Id, job.Attempts, next.Value.ToString("O", CultureInfo.InvariantCulture), reason);
        }
        await _catalog.FailAsync(job, reason, e.ToString(), next, cancellationToken);
    }
}

using System.Globalization;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Ingestion.Chunking;
using Retrieval.Storage;
using Retrieval.Tokenization;

namespace Retrieval.Ingestion;

/// <summary>One job: begin, read, chunk, encode, store. Everything before the store leaves no trace but the attempt that was counted.</summary>
internal sealed class IngestionWorker(Catalog catalog, DocumentReader reader, IEncoder encoder, TokenizerCache tokenizers, IngestionOptions options, TimeProvider time, ILogger<IngestionWorker> logger)
{
    public async Task WorkAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await catalog.BeginAsync(id, options.Lease, cancellationToken) is not { } job)
        {
            return; // finished, superseded or held by another
        }
        try
        {
            await (job.Kind == JobKind.Delete ? catalog.RemoveAsync(job, cancellationToken) : UpsertAsync(job, cancellationToken));
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            await FailAsync(job, e, cancellationToken);
        }
    }

    private async Task<long> UpsertAsync(Job job, CancellationToken cancellationToken)
    {
        CollectionRow collection = await catalog.GetCollectionAsync(job.Collection, cancellationToken);
        List<TimelineEntry> steps = [Step("processing", $"attempt {job.Attempts}")];

        LeaseKeeper lease = new(catalog, job, options.Lease, time);
        if (await reader.ReadAsync(job, () => lease.KeepAsync(cancellationToken), cancellationToken) is not { } source)
        {
            return 0;
        }
        DocumentInput document = source.Document;
        steps.Add(Step("read", $"{document.Text!.Length} characters"));

        EncoderDescription model = await encoder.DescribeAsync(collection.Encoder, cancellationToken);
        VectorSpace.Require(collection.Space, model.Space.Id, $"Encoder {model.Model}");
        Tokenizer tokenizer = await tokenizers.GetAsync(model.Space.Tokenizer, cancellationToken);
        ChunkPlan plan = ChunkPlan.For(source, collection.Chunking, model, tokenizer);
        steps.Add(Step("chunked", $"{plan.Chunks.Count} chunks"));

        Task<List<float[]>?> encoding = plan.Windows is null ? ChunkEncoding.EncodeAsync(encoder, collection, plan.Texts, () => lease.KeepAsync(cancellationToken), time, cancellationToken)
            : ChunkEncoding.EncodeLateAsync(encoder, collection, plan.Windows, () => lease.KeepAsync(cancellationToken), time, cancellationToken);
        if (await encoding is not { } vectors)
        {
            return 0;
        }
        steps.Add(Step("encoded", $"{plan.Chunks.Sum(c => c.Tokens)} tokens"));

        List<NewChunk> chunks = [.. plan.Chunks.Select((c, i) =>
            new NewChunk(i, c.Start, c.End, c.Tokens, vectors[i], ReuseKey.Of(collection.Space, plan.Texts[i])) { Headings = plan.Headings[i], Page = plan.Pages[i] })];
        return await catalog.StoreAsync(job, document, chunks, collection.Space, steps, cancellationToken);
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
        await catalog.FailAsync(job, reason, e.ToString(), next, cancellationToken);
    }

    private TimelineEntry Step(string name, string note) => new(name, time.GetUtcNow(), note);
}

using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Gateway;

/// <summary>
/// NDJSON: a document a line in, a verdict a line out, in the same order. Lines are accepted while the body still arrives, many in flight so that they
/// share commits. The verdicts go out when the body has been read: a client that sends everything before it reads cannot block itself.
/// </summary>
internal sealed class BulkLoad(DocumentAcceptance acceptance, Catalog catalog, GatewayOptions options, TimeProvider time)
{
    private const int InFlight = 64;
    private static readonly byte[] NewLine = [(byte)'\n'];

    public async Task RunAsync(CollectionRow collection, HttpContext context, bool wait, CancellationToken cancellationToken)
    {
        RequestBody.LiftServerLimit(context.Request);
        List<Task<(BulkVerdict Verdict, Job? Job)>> lines = [];
        Guid load = JobId.New(time);
        context.Response.Headers.Location = $"/v1/loads/{load}";
        long refused = 0;
        SemaphoreSlim room = new(InFlight); // not disposed: lines may still hold it when the client leaves
        await foreach (NdjsonLine line in NdjsonLine.ReadAsync(context.Request.BodyReader, options.MaxDocumentBytes, cancellationToken))
        {
            if (lines.Count == options.MaxBulkDocuments)
            {
                refused++; // only counted: their number has no bound
                continue;
            }
            await room.WaitAsync(cancellationToken);
            lines.Add(AcceptAsync((collection, load), line, room, cancellationToken));
        }
        context.Response.ContentType = "application/x-ndjson";
        bool isPatient = true;
        foreach (Task<(BulkVerdict Verdict, Job? Job)> line in lines)
        {
            (BulkVerdict verdict, Job? job) = await line;
            if (wait && job is not null)
            {
                // The first that is not finished in time ends the waiting for all: otherwise each of many lines would wait as long again.
                Job done = isPatient ? await acceptance.WaitAsync(collection, job, cancellationToken) : await catalog.FindJobAsync(job.Id, cancellationToken) ?? job;
                isPatient &= done.IsFinished;
                verdict = verdict with { Status = done.Status, Error = done.Error };
            }
            await WriteAsync(context.Response.BodyWriter, verdict, wait, cancellationToken);
        }
        for (; refused > 0; refused--)
        {
            await WriteAsync(context.Response.BodyWriter, TooMany(), false, cancellationToken);
        }
        await context.Response.BodyWriter.FlushAsync(cancellationToken);
    }

    private async Task<(BulkVerdict Verdict, Job? Job)> AcceptAsync((CollectionRow Collection, Guid Load) into, NdjsonLine line, SemaphoreSlim room, CancellationToken cancellationToken)
    {
        string? id = null;
        try
        {
            if (line.IsTooLong)
            {
                throw RequestBody.TooLarge(line.Length, options.MaxDocumentBytes);
            }
            DocumentInput document = RequestBody.ParseJson<DocumentInput>(line.Json.Span, WireJson.Strict.DocumentInput);
            id = document.Id;
            Job job = await acceptance.AcceptAsync(into.Collection, new JobOrder(JobKind.Upsert, JobQueue.Bulk, "text/plain", into.Load), document, cancellationToken);
            return (new BulkVerdict(id, job.Status, job.Error), job);
        }
        catch (RetrievalException e)
        {
            return (new BulkVerdict(id ?? IdOf(line.Json), DocumentStatus.Failed, e.Problem.ToString()), null);
        }
        finally
        {
            room.Release();
        }
    }

    private BulkVerdict TooMany() => new(null, DocumentStatus.Failed,
        $"A bulk load takes {options.MaxBulkDocuments} documents (Gateway:MaxBulkDocuments). Send the rest in another request.");

    /// <summary>A line that was refused still names its document when it can, so that the sender knows which one.</summary>
    private static string? IdOf(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument line = JsonDocument.Parse(json);
            return line.RootElement.ValueKind == JsonValueKind.Object && line.RootElement.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static async Task WriteAsync(PipeWriter writer, BulkVerdict verdict, bool flush, CancellationToken cancellationToken)
    {
        writer.Write(JsonSerializer.SerializeToUtf8Bytes(verdict, WireJson.Strict.BulkVerdict));
        writer.Write(NewLine);
        if (flush || writer.UnflushedBytes > 32_768)
        {
            await writer.FlushAsync(cancellationToken);
        }
    }
}

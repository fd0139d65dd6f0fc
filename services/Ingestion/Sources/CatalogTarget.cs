using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Ingestion.Sources;

/// <summary>A source's documents into the catalog of this process. They are accepted, not awaited: what becomes of them stands in their jobs.</summary>
internal sealed class CatalogTarget(Catalog catalog, CollectionRow collection, TimeProvider time) : ISourceTarget
{
    private const int PageRows = 1000;

    /// <summary>Open jobs at which a source waits: a folder of any size never fills the queue that clients share.</summary>
    private const long MostOpen = 1000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public bool Waits => false;

    public async Task<IReadOnlyList<DocumentRow>> KnownAsync(string source, CancellationToken cancellationToken)
    {
        List<DocumentRow> known = [];
        for (string? after = null; ;)
        {
            DocumentList page = await catalog.ListDocumentsAsync(collection, source, after, PageRows, cancellationToken);
            known.AddRange(page.Documents);
            if ((after = page.Next) is null)
            {
                return known;
            }
        }
    }

    public Task<BulkVerdict> PutFileAsync(SourceFile file, byte[] content, DocumentSource source, CancellationToken cancellationToken) => AcceptAsync(new DocumentInput
    {
        Id = file.Path, Metadata = new() { [DocumentSource.Key] = JsonSerializer.SerializeToElement(source, WireJson.Strict.DocumentSource) },
    }, content, FileFormat.Unknown, cancellationToken);

    public async Task<IReadOnlyList<BulkVerdict>> PutRecordsAsync(IReadOnlyList<SourceRecord> records, CancellationToken cancellationToken) =>
        await Task.WhenAll(records.Select(r => PutRecordAsync(r, cancellationToken)));

    public async Task<BulkVerdict> RemoveAsync(string id, CancellationToken cancellationToken)
    {
        Job job = await catalog.AcceptAsync(collection, JobKind.Delete, JobQueue.Bulk, new DocumentInput { Id = id }, "", cancellationToken);
        return new BulkVerdict(id, job.Status, job.Error);
    }

    private Task<BulkVerdict> PutRecordAsync(SourceRecord record, CancellationToken cancellationToken)
    {
        try
        {
            DocumentInput document = JsonSerializer.Deserialize(record.Json, WireJson.Strict.DocumentInput) ?? new DocumentInput();
            return string.IsNullOrWhiteSpace(document.Text) || string.IsNullOrEmpty(document.Id)
                ? Task.FromResult(new BulkVerdict(record.Id, DocumentStatus.Failed, $"The record has no {(string.IsNullOrEmpty(document.Id) ? "id" : "text")}."))
                : AcceptAsync(document, null, "text/plain", cancellationToken);
        }
        catch (JsonException e)
        {
            return Task.FromResult(new BulkVerdict(record.Id, DocumentStatus.Failed, $"The record is no document: {e.Message}"));
        }
    }

    private async Task<BulkVerdict> AcceptAsync(DocumentInput document, byte[]? content, string mediaType, CancellationToken cancellationToken)
    {
        while (catalog.OpenJobs > MostOpen)
        {
            await Task.Delay(Pause, time, cancellationToken);
        }
        Job job = await catalog.AcceptAsync(collection, new JobOrder(JobKind.Upsert, JobQueue.Bulk, mediaType) { Content = content }, document, cancellationToken);
        return new BulkVerdict(document.Id, job.Status, job.Error);
    }
}

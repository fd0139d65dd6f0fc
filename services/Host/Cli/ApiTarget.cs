using System.Text.Json;
using System.Text.Unicode;
using Retrieval.Contracts;
using Retrieval.Ingestion.Sources;

namespace Retrieval.Host.Cli;

/// <summary>A folder's documents to a server; each is waited for.</summary>
internal sealed class ApiTarget(RetrievalClient client, string collection) : ISourceTarget
{
    public bool Waits => true;

    public async Task<IReadOnlyList<DocumentRow>> KnownAsync(string source, CancellationToken cancellationToken)
    {
        List<DocumentRow> known = [];
        for (string? after = null; ;)
        {
            DocumentList page = await client.ListAsync(collection, source, after, cancellationToken);
            known.AddRange(page.Documents);
            if ((after = page.Next) is null)
            {
                return known;
            }
        }
    }

    public Task<BulkVerdict> PutFileAsync(SourceFile file, byte[] content, DocumentSource source, CancellationToken cancellationToken)
    {
        string metadata = $"{{\"{DocumentSource.Key}\":{JsonSerializer.Serialize(source, WireJson.Strict.DocumentSource)}}}";
        return VerdictAsync(file.Path, client.PutFileAsync(collection, file.Path, content, MediaType(file, content), metadata, cancellationToken));
    }

    public async Task<IReadOnlyList<BulkVerdict>> PutRecordsAsync(IReadOnlyList<SourceRecord> records, CancellationToken cancellationToken)
    {
        List<BulkVerdict> verdicts = [];
        await foreach (BulkVerdict verdict in client.BulkAsync(collection, records.Select(r => r.Json), cancellationToken))
        {
            verdicts.Add(verdict);
        }
        return verdicts;
    }

    public Task<BulkVerdict> RemoveAsync(string id, CancellationToken cancellationToken) => VerdictAsync(id, client.DeleteAsync(collection, id, cancellationToken));

    private static async Task<BulkVerdict> VerdictAsync(string id, Task<StatusInfo> sending)
    {
        try
        {
            StatusInfo status = await sending;
            return new BulkVerdict(id, status.Status, status.Error);
        }
        catch (RetrievalException e) when (e.Problem.Kind is ErrorKind.Invalid or ErrorKind.TooLarge)
        {
            return new BulkVerdict(id, DocumentStatus.Failed, e.Problem.ToString());
        }
    }

    /// <summary>Text in UTF-8 is the document as it stands. JSON as a body is the API's own envelope, and text of another charset is told by its bytes: both go as bytes with a name.</summary>
    private static string MediaType(SourceFile file, byte[] content)
    {
        FileFormat? format = FileFormat.OfName(file.Path);
        bool isText = format == FileFormat.Text || format == FileFormat.Markdown;
        return format is null || format == FileFormat.Json || (isText && !(Utf8.IsValid(content) && content.AsSpan().IndexOf((byte)0) < 0 && !Looks(content))) ? FileFormat.Unknown : format.MediaTypes[0];
    }

    /// <summary>A package under the name of a text.</summary>
    private static bool Looks(ReadOnlySpan<byte> content) => content.StartsWith("%PDF-"u8) || content.StartsWith("PK\x03\x04"u8);
}

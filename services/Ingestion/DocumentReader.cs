using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Ingestion.Readers;
using Retrieval.Ingestion.Readers.Isolation;
using Retrieval.Storage;

namespace Retrieval.Ingestion;

/// <summary>A document whose text is known.</summary>
/// <param name="Document">With text, and what the file says of itself.</param>
/// <param name="MediaType">Of the text: text/plain, text/markdown or text/x-source.</param>
/// <param name="Pages">UTF-16 index at which each page begins; null for formats without pages.</param>
internal sealed record SourceText(DocumentInput Document, string MediaType, IReadOnlyList<int>? Pages = null);

/// <summary>From what was accepted to title and text. A text that was sent is kept as it is; a file is recognised and read: one that is only decoded here, one that is parsed in a process of its own.</summary>
internal sealed class DocumentReader(Catalog catalog, ReaderPool pool, IngestionOptions options)
{
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(2);

    /// <summary>The document with its text; null when <paramref name="isWanted"/>, asked while the file waits, says that the work is for nothing.</summary>
    /// <exception cref="RetrievalException">The file's reason.</exception>
    public async Task<SourceText?> ReadAsync(Job job, Func<Task<bool>> isWanted, CancellationToken cancellationToken)
    {
        DocumentInput document = job.Payload ?? throw new RetrievalException(ErrorKind.Internal, $"Job {job.Id} carries no document.");
        if (document.Text is { } text)
        {
            return new SourceText(job.MediaType == "text/markdown" && document.Title is null ? document with { Title = PlainReader.FirstHeading(text) } : document, job.MediaType);
        }
        while (true)
        {
            using IDisposable? place = await pool.TryEnterAsync(Often, cancellationToken);
            if (place is not null)
            {
                return await ReadFileAsync(job, document, cancellationToken);
            }
            if (!await isWanted())
            {
                return null;
            }
        }
    }

    private async Task<SourceText> ReadFileAsync(Job job, DocumentInput document, CancellationToken cancellationToken)
    {
        byte[] content = await catalog.ReadContentAsync(job, cancellationToken) ?? throw new RetrievalException(ErrorKind.Internal, $"Job {job.Id} carries neither text nor file.");
        ReadRequest request = new(job.MediaType, job.Document, document.Url, content, options.Readers.MaxCharacters);
        bool isPlain = !Recognition.IsPackage(content) && ReaderTable.IsPlain(Recognition.Of(request));
        ReadText read = isPlain ? ReaderTable.Read(Recognition.Of(request), request) : await pool.ReadAsync(request, cancellationToken);
        return new SourceText(document with { Text = read.Text, Title = document.Title ?? read.Title, Metadata = Metadata(document, read) }, read.MediaType, read.Pages);
    }

    /// <summary>What the file says of itself, under what the sender says of it.</summary>
    private static Dictionary<string, JsonElement> Metadata(DocumentInput document, ReadText read)
    {
        Dictionary<string, JsonElement> metadata = new(document.Metadata ?? []);
        Add("mediaType", read.Source);
        Add("language", read.Language);
        Add("charset", read.Charset);
        if (read.Pages is { } pages)
        {
            metadata.TryAdd("pages", JsonSerializer.SerializeToElement(pages.Count, IngestionJson.Default.Int32));
        }
        return metadata;

        void Add(string key, string? value)
        {
            if (value is not null)
            {
                metadata.TryAdd(key, JsonSerializer.SerializeToElement(value, IngestionJson.Default.String));
            }
        }
    }
}

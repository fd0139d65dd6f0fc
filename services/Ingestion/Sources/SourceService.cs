using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Ingestion.Sources;

/// <summary>Keeps the folders of <c>Ingestion:Sources</c> in their collections for as long as the server runs. One that fails is tried again at its next look.</summary>
internal sealed class SourceService(Catalog catalog, IEncoder encoder, IngestionOptions options, TimeProvider time, ILogger<SourceService> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(options.Sources.Select(s => FollowAsync(s, stoppingToken)));

    private async Task FollowAsync(SourceOptions source, CancellationToken cancellationToken)
    {
        await Task.Yield(); // the host's start does not wait for the first look
        string folder = Path.GetFullPath(source.Folder), name = source.Name.Length > 0 ? source.Name : folder;
        using SourceWatch watch = new(folder, time);
        FolderSync? sync = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                sync ??= new FolderSync(new SourceFolder(folder, source.Include, source.Exclude), name, new CatalogTarget(catalog, await CollectionAsync(source.Collection, cancellationToken), time), source.Fields, source.MaxFileBytes);
                Tell(source, await sync.RunAsync(null, null, time.GetUtcNow(), cancellationToken));
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                sync = null; // the collection may have been deleted and made again
                Log.SourceFailed(logger, folder, e.Message);
            }
            await watch.WaitAsync(TimeSpan.FromSeconds(source.Seconds), cancellationToken);
        }
    }

    private async Task<CollectionRow> CollectionAsync(string name, CancellationToken cancellationToken)
    {
        CollectionRow? existing = await catalog.FindCollectionAsync(name, cancellationToken);
        if (existing is not null)
        {
            return existing;
        }
        EncoderDescription model = await encoder.DescribeAsync(null, cancellationToken);
        return await catalog.PutCollectionAsync(name, model.Model, model.Space, null, cancellationToken);
    }

    private void Tell(SourceOptions source, SyncReport report)
    {
        foreach (BulkVerdict failed in report.Verdicts.Where(v => v.Error is not null))
        {
            Log.SourceFileFailed(logger, source.Folder, failed.Id ?? "", failed.Error!);
        }
        if (report.Verdicts.Count > 0)
        {
            Log.SourceSynced(logger, source.Folder, source.Collection, report.Verdicts.Count(v => v.Error is null) - report.Removed, report.Removed, report.Unchanged.Count);
        }
    }
}

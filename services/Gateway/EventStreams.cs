using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Hosting;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Gateway;

/// <summary>Progress as server-sent events. A bounded number of clients looks at the rows a few times a second; whoever does not read is not written to.</summary>
internal sealed class EventStreams(Catalog catalog, JobProgress progress, GatewayOptions options, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private static readonly TimeSpan JobPause = TimeSpan.FromMilliseconds(100), Pause = TimeSpan.FromMilliseconds(500);
    // Something goes out at least this often, so that proxies keep the connection and a client that has gone is noticed.
    private const int LooksBetweenSigns = 30;
    private int _open;

    /// <summary>A job's timeline.</summary>
    public async Task<IResult> OfJobAsync(Guid job, CancellationToken cancellationToken) => await catalog.FindJobAsync(job, cancellationToken) is null ? throw JobEndpoints.Unknown(job) : Stream(JobAsync(job, cancellationToken));

    /// <summary>A bulk load's counts.</summary>
    public async Task<IResult> OfLoadAsync(Guid load, CancellationToken cancellationToken) => await catalog.FindLoadAsync(load, cancellationToken) is null ? throw JobEndpoints.UnknownLoad(load)
        : Stream(ChangesAsync(() => catalog.FindLoadAsync(load, cancellationToken), WireJson.Strict.LoadInfo, info => info.IsFinished, cancellationToken));

    /// <summary>A collection's counts.</summary>
    public async Task<IResult> OfCollectionAsync(string collection, CancellationToken cancellationToken)
    {
        await catalog.GetCollectionAsync(collection, cancellationToken);
        return Stream(ChangesAsync(() => ProgressAsync(collection, cancellationToken), WireJson.Strict.CollectionProgress, _ => false, cancellationToken));
    }

    private ServerSentEventsResult<string> Stream(IAsyncEnumerable<SseItem<string>> items)
    {
        if (Volatile.Read(ref _open) >= options.MaxEventStreams)
        {
            throw new RetrievalException(ErrorKind.Overloaded, $"{options.MaxEventStreams} event streams are open already.", "events", null, $"{options.MaxEventStreams} (Gateway:MaxEventStreams)", "Ask the status URL instead, or try again later.");
        }
        return TypedResults.ServerSentEvents(CountedAsync(items));
    }

    private async IAsyncEnumerable<SseItem<string>> CountedAsync(IAsyncEnumerable<SseItem<string>> items)
    {
        Interlocked.Increment(ref _open);
        try
        {
            await foreach (SseItem<string> item in items)
            {
                yield return item;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async IAsyncEnumerable<SseItem<string>> JobAsync(Guid id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        HashSet<(string, DateTimeOffset)> sent = [];
        for (int quiet = 0; await catalog.FindJobAsync(id, cancellationToken) is { } row; quiet++)
        {
            Job job = progress.With(row);
            foreach (TimelineEntry entry in job.Timeline.Where(e => sent.Add((e.Step, e.At))))
            {
                quiet = 0;
                yield return new SseItem<string>(JsonSerializer.Serialize(entry, WireJson.Strict.TimelineEntry), "step");
            }
            if (job.IsFinished || lifetime.ApplicationStopping.IsCancellationRequested)
            {
                yield return new SseItem<string>(JsonSerializer.Serialize(StatusReport.Of(job), WireJson.Strict.StatusInfo), job.IsFinished ? "end" : "stopping");
                yield break;
            }
            if (quiet == LooksBetweenSigns * 5)
            {
                quiet = 0;
                yield return new SseItem<string>("", "waiting");
            }
            await Task.Delay(JobPause, time, cancellationToken);
        }
    }

    private async IAsyncEnumerable<SseItem<string>> ChangesAsync<T>(Func<Task<T?>> read, JsonTypeInfo<T> type, Func<T, bool> isLast, [EnumeratorCancellation] CancellationToken cancellationToken) where T : class
    {
        string? last = null;
        for (int quiet = 0; await read() is { } now; quiet++)
        {
            string json = JsonSerializer.Serialize(now, type);
            if (json != last || quiet >= LooksBetweenSigns)
            {
                (last, quiet) = (json, 0);
                yield return new SseItem<string>(json, "progress");
            }
            if (isLast(now) || lifetime.ApplicationStopping.IsCancellationRequested)
            {
                yield return new SseItem<string>(json, isLast(now) ? "end" : "stopping");
                yield break;
            }
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private async Task<CollectionProgress?> ProgressAsync(string collection, CancellationToken cancellationToken)
    {
        try
        {
            CollectionInfo info = await catalog.DescribeCollectionAsync(collection, cancellationToken);
            return new CollectionProgress(info.Documents, info.Chunks, info.OpenJobs, info.Seq);
        }
        catch (RetrievalException e) when (e.Problem.Kind == ErrorKind.NotFound)
        {
            return null; // deleted meanwhile
        }
    }
}

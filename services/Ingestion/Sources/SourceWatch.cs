using System.Threading.Channels;

namespace Retrieval.Ingestion.Sources;

/// <summary>Waits between two looks at a folder: for a time, or until the system tells of a change and a moment has passed without another. What the system does not tell of, as on network drives, is seen at the next look.</summary>
public sealed class SourceWatch : IDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);
    private const int MostQuiet = 20;

    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly FileSystemWatcher? _watcher;
    private readonly TimeProvider _time;

    /// <summary>Begins to listen.</summary>
    public SourceWatch(string folder, TimeProvider time)
    {
        _time = time;
        try
        {
            _watcher = Directory.Exists(folder) ? new FileSystemWatcher(folder) { IncludeSubdirectories = true, NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size } : null;
            if (_watcher is not null)
            {
                _watcher.Changed += (_, _) => Tell();
                _watcher.Created += (_, _) => Tell();
                _watcher.Deleted += (_, _) => Tell();
                _watcher.Renamed += (_, _) => Tell();
                _watcher.Error += (_, _) => Tell();
                _watcher.EnableRaisingEvents = true;
            }
        }
        catch (Exception e) when (e is IOException or ArgumentException or PlatformNotSupportedException)
        {
            _watcher?.Dispose(); // the system has no more to give (inotify's limits): the looks are enough
            _watcher = null;
        }
    }

    /// <summary>Returns when it is time to look again.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        if (!await IsToldAsync(atMost, cancellationToken).ConfigureAwait(false))
        {
            return;
        }
        for (int i = 0; i < MostQuiet && await IsToldAsync(Quiet, cancellationToken).ConfigureAwait(false); i++)
        {
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _watcher?.Dispose();

    private void Tell() => _changed.Writer.TryWrite(true);

    private async Task<bool> IsToldAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using CancellationTokenSource over = new(atMost, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            return await _changed.Reader.ReadAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}

using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>
/// The truth: collections, documents, chunks with their vectors, jobs. SQLite in the data folder; one writer with group commit, short readers.
/// Collections and documents are in Catalog.Collections.cs and Catalog.Documents.cs, the way of a job in Catalog.Jobs.cs and Catalog.Work.cs, words in Catalog.Lexical.cs.
/// </summary>
public sealed partial class Catalog : IAsyncDisposable
{
    private const string FileName = "catalog.db";

    private readonly ConcurrentBag<Session> _readers = [];
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> _finished = new();
    private readonly Channel<bool> _due = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly string _path;
    private readonly CatalogWriter _writer;
    private readonly TimeProvider _time;
    private long _openJobs;
    private bool _disposed;

    private Catalog(string path, CatalogWriter writer, TimeProvider time, long openJobs) => (_path, _writer, _time, _openJobs) = (path, writer, time, openJobs);

    /// <summary>Transactions since the start.</summary>
    public long Commits => _writer.Commits;

    /// <summary>Where its files are.</summary>
    internal string Folder => Path.GetDirectoryName(_path)!;

    /// <summary>Signals that rows which the index follows have changed.</summary>
    internal ChannelReader<bool> Changed => _changed.Reader;

    /// <summary>Opens the catalog of a folder, creates or migrates it.</summary>
    public static Task<Catalog> OpenAsync(DataFolder folder, TimeProvider time, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        SQLitePCL.Batteries_V2.Init();
        string path = Path.Combine(folder.Path, FileName);
        Session session = Session.Open(path, writes: true);
        try
        {
            Migrations.Apply(session, path);
            long open = session.Scalar<long>("SELECT count(*) FROM jobs WHERE status < 2");
            return Task.FromResult(new Catalog(path, new CatalogWriter(path, session), time, open));
        }
        catch (SqliteException e)
        {
            session.Dispose();
            throw Session.Problem(e, path);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Jobs that are not finished.</summary>
    public long OpenJobs => Interlocked.Read(ref _openJobs);

    /// <summary>Finishes what was handed to the writer, then closes.</summary>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        await _writer.DisposeAsync().ConfigureAwait(false);
        while (_readers.TryTake(out Session? reader))
        {
            reader.Dispose();
        }
    }

    // SQLite answers on the calling thread; a task is what the same catalog on a server would return.
    private Task<T> ReadAsync<T>(Func<Session, T> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Session session = _readers.TryTake(out Session? pooled) ? pooled : Session.Open(_path, writes: false);
        try
        {
            T result = read(session);
            session.Trim();
            _readers.Add(session);
            if (_disposed && _readers.TryTake(out Session? late))
            {
                late.Dispose();
            }
            return Task.FromResult(result);
        }
        catch (SqliteException e)
        {
            session.Dispose();
            throw Session.Problem(e, _path);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private void SignalFinished(params IEnumerable<Guid> jobs)
    {
        foreach (Guid job in jobs)
        {
            if (_finished.TryRemove(job, out TaskCompletionSource? waiter))
            {
                waiter.TrySetResult();
            }
        }
    }
}

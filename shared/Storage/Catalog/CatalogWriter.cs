using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>
/// The one writer. It takes what waits, runs each operation in a savepoint of one transaction, and commits them together: one write to the disk
/// for all. An operation is answered only after the commit; one that fails, fails alone.
/// </summary>
internal sealed class CatalogWriter : IAsyncDisposable
{
    private const int QueueLength = 1024, MostTogether = 256;

    private readonly Channel<Operation> _waiting = Channel.CreateBounded<Operation>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly Session _session;
    private readonly string _path;
    private readonly Task _loop;

    public CatalogWriter(string path, Session session)
    {
        (_path, _session) = (path, session);
        _loop = LoopAsync();
    }

    /// <summary>Transactions so far.</summary>
    public long Commits { get; private set; }

    /// <summary>Runs an operation; durable when the task completes.</summary>
    public async Task<T> WriteAsync<T>(Func<Session, T> operation, CancellationToken cancellationToken)
    {
        Operation<T> waiting = new(operation);
        try
        {
            await _waiting.Writer.WriteAsync(waiting, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException e)
        {
            throw new RetrievalException(ErrorKind.Unavailable, "The server is stopping.", inner: e);
        }
        return await waiting.Done.Task.ConfigureAwait(false);
    }

    /// <summary>Finishes what waits, then closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
        _session.Dispose();
    }

    private async Task LoopAsync()
    {
        List<Operation> together = [];
        while (await _waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (together.Count < MostTogether && _waiting.Reader.TryRead(out Operation? operation))
            {
                together.Add(operation);
            }
            try
            {
                CommitTogether(together);
                together.ForEach(o => o.Complete(_path));
            }
            catch (Exception e)
            {
                // Whatever it was: nobody may be left waiting, and the next group begins on a clean session.
                Rollback();
                together.ForEach(o => o.Fail(e is SqliteException known ? Session.Problem(known, _path) : e));
            }
            together.Clear();
        }
    }

    private void CommitTogether(List<Operation> operations)
    {
        _session.Execute("BEGIN IMMEDIATE");
        foreach (Operation operation in operations)
        {
            _session.Execute("SAVEPOINT operation");
            if (operation.Run(_session) is { } failure)
            {
                if (!_session.IsInTransaction)
                {
                    ExceptionDispatchInfo.Throw(failure); // SQLite has undone the work of all
                }
                _session.Execute("ROLLBACK TO operation");
            }
            _session.Execute("RELEASE operation");
        }
        _session.Execute("COMMIT");
        _session.Trim();
        Commits++;
    }

    private void Rollback()
    {
        try
        {
            _session.Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself.
        }
    }

    private abstract class Operation
    {
        /// <summary>Null when it went well.</summary>
        public abstract Exception? Run(Session session);
        public abstract void Complete(string path);
        public abstract void Fail(Exception e);
    }

    private sealed class Operation<T>(Func<Session, T> run) : Operation
    {
        private T? _result;
        private Exception? _failure;

        public TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override Exception? Run(Session session)
        {
            try
            {
                _result = run(session);
            }
            catch (Exception e)
            {
                _failure = e;
            }
            return _failure;
        }

        public override void Complete(string path)
        {
            if (_failure is null)
            {
                Done.TrySetResult(_result!);
            }
            else
            {
                Done.TrySetException(_failure is SqliteException e ? Session.Problem(e, path) : _failure);
            }
        }

        public override void Fail(Exception e) => Done.TrySetException(e);
    }
}

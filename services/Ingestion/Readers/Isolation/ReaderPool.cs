using System.Collections.Concurrent;
using Retrieval.Contracts;

namespace Retrieval.Ingestion.Readers.Isolation;

/// <summary>
/// A few reading processes, kept for the next file: a start takes a tenth of a second, most files a hundredth of that. Each is asked one file at a time; one that
/// failed in any way is not used again, and none reads more than <see cref="ReaderOptions.FilesAProcess"/>.
/// </summary>
internal sealed class ReaderPool : IDisposable
{
    private readonly ReaderOptions _options;
    private readonly ConcurrentStack<ReaderProcess> _idle = new();
    private readonly SemaphoreSlim _room;
    private readonly ITimer _sweep;
    private int _unused;
    private volatile bool _isOver;

    public ReaderPool(ReaderOptions options, TimeProvider time)
    {
        (_options, _room) = (options, new SemaphoreSlim(options.Processes));
        TimeSpan every = TimeSpan.FromSeconds(options.IdleSeconds);
        _sweep = time.CreateTimer(_ => Sweep(), null, every, every);
    }

    /// <summary>Takes a place among the processes, for as long as the answer is not disposed; the file's bytes are fetched only then, so that memory holds no more files than processes.</summary>
    public async Task<IDisposable?> TryEnterAsync(TimeSpan atMost, CancellationToken cancellationToken) => await _room.WaitAsync(atMost, cancellationToken).ConfigureAwait(false) ? new Place(_room) : null;

    /// <summary>Reads a file; the caller holds a place.</summary>
    /// <exception cref="RetrievalException">The file's reason, or Unavailable when there is no program to read it.</exception>
    public async Task<ReadText> ReadAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        ReaderProcess process = _idle.TryPop(out ReaderProcess? idle) ? idle : ReaderProcess.Start(_options);
        bool isWell = false;
        try
        {
            Interlocked.Exchange(ref _unused, 0);
            (ReadAnswer answer, isWell) = await process.ReadAsync(request, cancellationToken).ConfigureAwait(false);
            return answer.Text ?? throw new RetrievalException(answer.Problem!);
        }
        finally
        {
            if (isWell && process.Files < _options.FilesAProcess && !_isOver)
            {
                _idle.Push(process);
            }
            else
            {
                process.Dispose();
            }
        }
    }

    /// <summary>Ends the processes that wait; those at work end with their file.</summary>
    public void Dispose()
    {
        _isOver = true;
        _sweep.Dispose();
        End();
        _room.Dispose();
    }

    // Twice in a row without a file between: nobody reads.
    private void Sweep()
    {
        if (Interlocked.Increment(ref _unused) > 1)
        {
            End();
        }
    }

    private void End()
    {
        while (_idle.TryPop(out ReaderProcess? process))
        {
            process.Dispose();
        }
    }

    private sealed class Place(SemaphoreSlim room) : IDisposable
    {
        public void Dispose()
        {
            try
            {
                room.Release();
            }
            catch (ObjectDisposedException)
            {
                // The service has ended meanwhile.
            }
        }
    }
}

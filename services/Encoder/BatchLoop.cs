using System.Diagnostics;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>
/// The threads of one model: each takes a batch, runs it, hands out the vectors. A batch that fails is run again text by text, so that a text fails alone.
/// When nothing runs any more (not even the text that every model can run), or a run does not come back, the model is dead: all that waits fails at once
/// with the reason, and the watchdog hears of it.
/// </summary>
internal sealed class BatchLoop : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(0.5);

    private readonly Lane _lane;
    private readonly Serving _serving;
    private readonly Thread[] _threads;
    private readonly Running?[] _running;
    private readonly ITimer _look;
    private volatile bool _isDead;

    public BatchLoop(Lane lane, int threads, Serving serving)
    {
        (_lane, _serving, _running) = (lane, serving, new Running?[threads]);
        // Threads of their own: a run blocks for milliseconds in native code, which the pool's threads should not.
        _threads = [.. Enumerable.Range(0, threads).Select(i => new Thread(() => Work(i)) { IsBackground = true, Name = $"encoder {lane.Model.Name} {i}" })];
        Array.ForEach(_threads, t => t.Start());
        _look = serving.Time.CreateTimer(_ => LookForStuckRuns(), null, LookEvery, LookEvery);
    }

    /// <summary>No batch will run any more; a thread may still be inside the session.</summary>
    public bool IsDead => _isDead;

    /// <summary>Finishes what waits, then ends.</summary>
    public void Dispose()
    {
        _look.Dispose();
        _lane.Queue.Close();
        if (!_isDead) // a run that does not come back would be waited for in vain
        {
            Array.ForEach(_threads, t => t.Join());
        }
    }

    private void Work(int thread)
    {
        try
        {
            using BatchBuffers buffers = new();
            while (_lane.Queue.Take() is { } batch)
            {
                if (batch.Count > 0)
                {
                    _running[thread] = new Running(batch, _serving.Time.GetTimestamp());
                    Run(batch, buffers);
                    _running[thread] = null;
                }
            }
        }
        catch (Exception e) // a defect of the loop itself: without its thread every later text would wait for ever
        {
            Die($"The inference loop of model {_lane.Model.Name} broke: {e.Message}", e);
        }
    }

    private void Run(List<TextWork> batch, BatchBuffers buffers)
    {
        using Activity? trace = Traces.StartBatch(batch, _lane);
        long began = Stopwatch.GetTimestamp();
        try
        {
            _lane.Metrics.Taken(batch, _serving.Time);
            _lane.Model.Run(batch, buffers);
            _lane.Metrics.Ran(batch, Stopwatch.GetElapsedTime(began), _lane.Limits.BatchTokens);
        }
        catch (Exception e) // whatever it was: a thread that ends here would leave every later text waiting
        {
            trace?.SetStatus(ActivityStatusCode.Error, e.Message);
            Log.BatchFailed(_serving.Logger, e, batch.Count, _lane.Model.Name);
            RunAlone(batch, e, buffers);
        }
    }

    private void RunAlone(List<TextWork> batch, Exception failure, BatchBuffers buffers)
    {
        foreach (TextWork text in batch.Where(t => !t.Done.Task.IsCompleted))
        {
            Exception? own = batch.Count == 1 ? failure : Attempt([text], buffers);
            if (own is not null)
            {
                _lane.Metrics.Failed(1);
                text.Settle(null, new RetrievalException(ErrorKind.Internal, $"Model {_lane.Model.Name} could not run a text of {text.Length} tokens: {own.Message}", inner: own));
            }
        }
        if (Attempt([_lane.Model.Known()], buffers) is { } dead)
        {
            Die($"Model {_lane.Model.Name} runs nothing any more: {dead.Message}", dead);
        }
    }

    private Exception? Attempt(List<TextWork> batch, BatchBuffers buffers)
    {
        try
        {
            _lane.Model.Run(batch, buffers);
            return null;
        }
        catch (Exception e) // it is the answer
        {
            return e;
        }
    }

    private void LookForStuckRuns()
    {
        foreach (Running run in _running.OfType<Running>())
        {
            if (!_isDead && _serving.Time.GetElapsedTime(run.Since).TotalSeconds > _serving.Options.RunSeconds)
            {
                Die($"A run of {run.Batch.Count} texts on model {_lane.Model.Name} has not come back after {_serving.Options.RunSeconds:0.#} s (Encoder:RunSeconds).", null);
            }
        }
    }

    private void Die(string why, Exception? inner)
    {
        _isDead = true;
        RetrievalException reason = new(ErrorKind.Unavailable, why, help: "The process ends; start it again.", inner: inner);
        Log.Died(_serving.Logger, inner, _lane.Model.Name, why);
        _lane.Queue.Break(reason);
        foreach (Running run in _running.OfType<Running>())
        {
            run.Batch.ForEach(t => t.Done.TrySetException(reason)); // their memory stays with the run that has it
        }
        _serving.Watchdog.Report(reason);
    }

    /// <summary>What a thread is at.</summary>
    private sealed record Running(List<TextWork> Batch, long Since);
}

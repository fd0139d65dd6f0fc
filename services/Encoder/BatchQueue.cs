using System.Runtime.InteropServices;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>Bounds of a queue and its batches.</summary>
/// <param name="QueueTokens">That may wait.</param>
/// <param name="BatchTokens">Of one batch, padding included; a longer text is a batch of its own.</param>
/// <param name="Wait">After which a text is dropped.</param>
internal sealed record BatchLimits(int QueueTokens, int BatchTokens, TimeSpan Wait)
{
    /// <summary>Share of a text's length by which others of its batch may be longer or shorter. An eighth costs a CPU little; a GPU, which is fast on padding and slow on small batches, takes half.</summary>
    public double Slack { get; init; } = 0.125;
}

/// <summary>What waits.</summary>
internal readonly record struct QueueState(int Texts, long Tokens, double OldestSeconds);

/// <summary>
/// Texts that wait for one model, bounded in tokens and in time. Queries go before documents, but every few batches a document that waits has its turn.
/// A batch begins with the text that waited longest and takes others of like length, so that little is padded. What was cancelled or waited too long is
/// dropped before it costs a run.
/// </summary>
internal sealed class BatchQueue(string model, BatchLimits limits, TimeProvider time)
{
    private const int QueryBatchesInARow = 4;
    private readonly object _lock = new();
    private readonly Lane _queries = new(), _documents = new();
    private long _order;
    private int _queryBatches;
    private bool _closed;
    private RetrievalException? _broken;

    /// <summary>Called outside of any lock for a text that leaves without being computed: expired (true) or cancelled.</summary>
    public Action<bool> Dropped { get; init; } = _ => { };

    /// <summary>Adds all texts of a request or none.</summary>
    /// <exception cref="RetrievalException">Overloaded when they don't fit beside what waits; TooLarge when they never will; Unavailable when no one runs them.</exception>
    public void Add(IReadOnlyList<TextWork> texts, bool areQueries)
    {
        long tokens = texts.Sum(t => (long)t.Length), now = time.GetTimestamp();
        lock (_lock)
        {
            if (_broken is not null || _closed)
            {
                throw _broken is not null ? new RetrievalException(_broken.Problem, _broken) : new RetrievalException(ErrorKind.Unavailable, "The encoder is stopping.");
            }
            Require(tokens);
            foreach (TextWork text in texts)
            {
                (text.Since, text.Order) = (now, _order++);
                (areQueries ? _queries : _documents).Add(text);
            }
            if (texts.Count == 1)
            {
                Monitor.Pulse(_lock);
            }
            else
            {
                Monitor.PulseAll(_lock);
            }
        }
    }

    /// <summary>The next batch, at least one text; waits for it. Null when the queue is closed and empty, or broken.</summary>
    public List<TextWork>? Take()
    {
        List<TextWork> dropped = [];
        try
        {
            lock (_lock)
            {
                while (true)
                {
                    long oldest = time.GetTimestamp() - (long)(limits.Wait.TotalSeconds * time.TimestampFrequency);
                    _queries.Drop(oldest, dropped);
                    _documents.Drop(oldest, dropped);
                    if (Next(dropped) is { Count: > 0 } batch)
                    {
                        return batch;
                    }
                    if (_closed || dropped.Count > 0)
                    {
                        return dropped.Count > 0 ? [] : null; // who waits for a dropped text hears of it before this thread sleeps
                    }
                    Monitor.Wait(_lock);
                }
            }
        }
        finally
        {
            dropped.ForEach(Settle);
        }
    }

    /// <summary>Takes no more; what waits is still handed out.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Nobody runs batches any more: everything that waits fails at once, and so does what comes later.</summary>
    public void Break(RetrievalException reason)
    {
        List<TextWork> waiting = [];
        lock (_lock)
        {
            (_closed, _broken) = (true, reason);
            _queries.Clear(waiting);
            _documents.Clear(waiting);
            Monitor.PulseAll(_lock);
        }
        waiting.ForEach(t => t.Settle(null, reason));
    }

    /// <summary>What waits of one priority.</summary>
    public QueueState State(bool ofQueries)
    {
        lock (_lock)
        {
            Lane lane = ofQueries ? _queries : _documents;
            return new QueueState(lane.Count, lane.Tokens, lane.Oldest() is { } oldest ? time.GetElapsedTime(oldest.Since).TotalSeconds : 0);
        }
    }

    private void Settle(TextWork text)
    {
        Dropped(!text.IsCancelled);
        text.Settle(null, text.IsCancelled ? null : new RetrievalException(ErrorKind.Overloaded, $"A text waited {limits.Wait.TotalSeconds:0.#} s for model {model} and was dropped.", "texts", null,
            $"{limits.Wait.TotalSeconds:0.#} s (Encoder:QueueSeconds)", "Try again later."));
    }

    private void Require(long tokens)
    {
        if (tokens > limits.QueueTokens)
        {
            throw new RetrievalException(ErrorKind.TooLarge, $"The texts of one request have {tokens} tokens together.", "texts", $"{tokens} tokens", $"{limits.QueueTokens} tokens (Encoder:QueueTokens)",
                "Send them in several requests.");
        }
        long waiting = _queries.Tokens + _documents.Tokens;
        if (waiting + tokens > limits.QueueTokens)
        {
            throw new RetrievalException(ErrorKind.Overloaded, $"{waiting} tokens wait for model {model} already.", "texts", $"{tokens} tokens", $"{limits.QueueTokens} tokens (Encoder:QueueTokens)", "Try again later.");
        }
    }

    private List<TextWork> Next(List<TextWork> dropped)
    {
        bool documentsTurn = _queryBatches >= QueryBatchesInARow;
        List<TextWork> batch = [];
        foreach (Lane lane in documentsTurn ? [_documents, _queries] : (ReadOnlySpan<Lane>)[_queries, _documents])
        {
            lane.Take(batch, limits, dropped);
            if (batch.Count > 0)
            {
                _queryBatches = lane == _queries ? _queryBatches + 1 : 0;
                break;
            }
        }
        return batch;
    }

    /// <summary>Texts of one priority, by length and within a length in order of arrival. A text is in one place alone, so that nothing stays behind when it leaves.</summary>
    private sealed class Lane
    {
        private readonly Dictionary<int, Queue<TextWork>> _byLength = [];
        private readonly Stack<Queue<TextWork>> _empty = [];

        public int Count { get; private set; }

        public long Tokens { get; private set; }

        public void Add(TextWork text)
        {
            ref Queue<TextWork>? same = ref CollectionsMarshal.GetValueRefOrAddDefault(_byLength, text.Length, out _);
            same ??= _empty.TryPop(out Queue<TextWork>? used) ? used : new Queue<TextWork>();
            same.Enqueue(text);
            (Count, Tokens) = (Count + 1, Tokens + text.Length);
        }

        public TextWork? Oldest()
        {
            TextWork? oldest = null;
            foreach (Queue<TextWork> same in _byLength.Values)
            {
                oldest = oldest is null || same.Peek().Order < oldest.Order ? same.Peek() : oldest;
            }
            return oldest;
        }

        /// <summary>Takes out what is older, and what was cancelled and would be next of its length.</summary>
        public void Drop(long oldest, List<TextWork> dropped)
        {
            foreach ((int length, Queue<TextWork> same) in _byLength)
            {
                while (same.TryPeek(out TextWork? next) && (next.Since < oldest || next.IsCancelled))
                {
                    dropped.Add(Out(same));
                }
                RemoveEmpty(length, same);
            }
        }

        public void Take(List<TextWork> batch, BatchLimits limits, List<TextWork> dropped)
        {
            if (Oldest() is not { } first)
            {
                return;
            }
            int seed = first.Length, slack = (int)(seed * limits.Slack) + 1;
            for (int distance = 0, columns = seed; distance <= slack; distance++)
            {
                Fill(batch, seed + distance, ref columns, limits.BatchTokens, dropped);
                if (distance > 0)
                {
                    Fill(batch, seed - distance, ref columns, limits.BatchTokens, dropped);
                }
            }
        }

        public void Clear(List<TextWork> into)
        {
            into.AddRange(_byLength.Values.SelectMany(q => q));
            _byLength.Clear();
            (Count, Tokens) = (0, 0);
        }

        private void Fill(List<TextWork> batch, int length, ref int columns, int budget, List<TextWork> dropped)
        {
            if (!_byLength.TryGetValue(length, out Queue<TextWork>? same))
            {
                return;
            }
            int wide = Math.Max(columns, length);
            while (same.TryPeek(out TextWork? next) && (next.IsCancelled || batch.Count == 0 || (batch.Count + 1) * wide <= budget))
            {
                if (next.IsCancelled)
                {
                    dropped.Add(Out(same));
                }
                else
                {
                    batch.Add(Out(same));
                    columns = wide;
                }
            }
            RemoveEmpty(length, same);
        }

        private TextWork Out(Queue<TextWork> same)
        {
            TextWork text = same.Dequeue();
            (Count, Tokens) = (Count - 1, Tokens - text.Length);
            return text;
        }

        private void RemoveEmpty(int length, Queue<TextWork> same)
        {
            if (same.Count == 0)
            {
                _byLength.Remove(length); // .NET's dictionary allows it while it is walked
                _empty.Push(same);
            }
        }
    }
}

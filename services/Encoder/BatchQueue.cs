using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>What waits.</summary>
internal readonly record struct QueueState(int Texts, long Tokens, double OldestSeconds);

/// <summary>
/// Texts that wait for one model, bounded in tokens. Queries go before documents, but every few batches a document that waits has its turn.
/// A batch begins with the text that waited longest and takes others of like length, so that little is padded.
/// </summary>
internal sealed class BatchQueue(string model, int mostTokens, int batchTokens, TimeProvider time)
{
    private const int QueryBatchesInARow = 4;
    private readonly object _lock = new();
    private readonly Lane _queries = new(), _documents = new();
    private long _waitingTokens;
    private int _queryBatches;
    private bool _closed;

    /// <summary>Adds all texts of a request or none.</summary>
    /// <exception cref="RetrievalException">Overloaded when they don't fit beside what waits; TooLarge when they never will.</exception>
    public void Add(IReadOnlyList<TextWork> texts, bool areQueries)
    {
        long tokens = texts.Sum(t => (long)t.Length), now = time.GetTimestamp();
        lock (_lock)
        {
            if (_closed)
            {
                throw new RetrievalException(ErrorKind.Unavailable, "The encoder is stopping.");
            }
            Require(tokens);
            _waitingTokens += tokens;
            foreach (TextWork text in texts)
            {
                text.Since = now;
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

    /// <summary>The next batch, at least one text; waits for it. Null when the queue is closed and empty.</summary>
    public List<TextWork>? Take()
    {
        lock (_lock)
        {
            while (true)
            {
                if (Next() is { Count: > 0 } batch)
                {
                    return batch;
                }
                if (_closed)
                {
                    return null;
                }
                Monitor.Wait(_lock);
            }
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

    /// <summary>What waits of one priority.</summary>
    public QueueState State(bool ofQueries)
    {
        lock (_lock)
        {
            Lane lane = ofQueries ? _queries : _documents;
            return new QueueState(lane.Texts, lane.Tokens, lane.Oldest() is { } oldest ? time.GetElapsedTime(oldest.Since).TotalSeconds : 0);
        }
    }

    private void Require(long tokens)
    {
        if (tokens > mostTokens)
        {
            throw new RetrievalException(ErrorKind.TooLarge, $"The texts of one request have {tokens} tokens together.", "texts", $"{tokens} tokens", $"{mostTokens} tokens (Encoder:QueueTokens)",
                "Send them in several requests.");
        }
        if (_waitingTokens + tokens > mostTokens)
        {
            throw new RetrievalException(ErrorKind.Overloaded, $"{_waitingTokens} tokens wait for model {model} already.", "texts", $"{tokens} tokens", $"{mostTokens} tokens (Encoder:QueueTokens)", "Try again later.");
        }
    }

    private List<TextWork> Next()
    {
        bool documentsTurn = _queryBatches >= QueryBatchesInARow;
        List<TextWork> batch = [];
        foreach (Lane lane in documentsTurn ? [_documents, _queries] : (Lane[])[_queries, _documents])
        {
            _waitingTokens -= lane.Take(batch, batchTokens);
            if (batch.Count > 0)
            {
                _queryBatches = lane == _queries ? _queryBatches + 1 : 0;
                break;
            }
        }
        return batch;
    }

    /// <summary>Texts of one priority: in order of arrival, and by length.</summary>
    private sealed class Lane
    {
        private readonly Queue<TextWork> _order = new();
        private readonly Dictionary<int, Queue<TextWork>> _byLength = [];

        public int Texts { get; private set; }

        public long Tokens { get; private set; }

        public void Add(TextWork text)
        {
            (Texts, Tokens) = (Texts + 1, Tokens + text.Length);
            _order.Enqueue(text);
            if (!_byLength.TryGetValue(text.Length, out Queue<TextWork>? same))
            {
                _byLength[text.Length] = same = new Queue<TextWork>();
            }
            same.Enqueue(text);
        }

        /// <summary>The text that has waited longest.</summary>
        public TextWork? Oldest()
        {
            while (_order.TryPeek(out TextWork? first) && first.IsTaken)
            {
                _order.Dequeue();
            }
            return _order.TryPeek(out TextWork? oldest) ? oldest : null;
        }

        /// <summary>Fills a batch; gives the tokens that no longer wait, those of cancelled texts included.</summary>
        public long Take(List<TextWork> batch, int budget)
        {
            long gone = 0;
            while (batch.Count == 0 && _order.TryDequeue(out TextWork? oldest))
            {
                gone += oldest.IsTaken ? 0 : Put(oldest, batch);
            }
            if (batch.Count == 0)
            {
                return gone;
            }
            int seed = batch[0].Length, slack = seed / 8 + 1;
            for (int distance = 0; distance <= slack; distance++)
            {
                gone += Fill(batch, seed + distance, budget) + (distance > 0 ? Fill(batch, seed - distance, budget) : 0);
            }
            return gone;
        }

        private long Fill(List<TextWork> batch, int length, int budget)
        {
            long gone = 0;
            if (!_byLength.TryGetValue(length, out Queue<TextWork>? same))
            {
                return 0;
            }
            int columns = Math.Max(length, batch.Max(t => t.Length));
            while ((batch.Count + 1) * columns <= budget && same.TryDequeue(out TextWork? text))
            {
                gone += text.IsTaken ? 0 : Put(text, batch);
            }
            if (same.Count == 0)
            {
                _byLength.Remove(length);
            }
            return gone;
        }

        private long Put(TextWork text, List<TextWork> batch)
        {
            text.IsTaken = true;
            (Texts, Tokens) = (Texts - 1, Tokens - text.Length);
            if (!text.IsCancelled)
            {
                batch.Add(text);
            }
            return text.Length;
        }
    }
}

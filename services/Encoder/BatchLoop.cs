using Microsoft.Extensions.Logging;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>The threads of one model: each takes a batch, runs it, hands out the vectors. A batch that fails, fails alone.</summary>
internal sealed class BatchLoop : IDisposable
{
    private readonly EncoderModel _model;
    private readonly BatchQueue _queue;
    private readonly ILogger _logger;
    private readonly Thread[] _threads;

    public BatchLoop(EncoderModel model, BatchQueue queue, int threads, ILogger logger)
    {
        (_model, _queue, _logger) = (model, queue, logger);
        // Threads of their own: a run blocks for milliseconds in native code, which the pool's threads should not.
        _threads = [.. Enumerable.Range(0, threads).Select(i => new Thread(Run) { IsBackground = true, Name = $"encoder {model.Name} {i}" })];
        Array.ForEach(_threads, t => t.Start());
    }

    /// <summary>Finishes what waits, then ends.</summary>
    public void Dispose()
    {
        _queue.Close();
        Array.ForEach(_threads, t => t.Join());
    }

    private void Run()
    {
        BatchBuffers buffers = new();
        while (_queue.Take() is { } batch)
        {
            try
            {
                _model.Run(batch, buffers);
            }
            catch (Exception e) // whatever it was: a thread that ends here would leave every later text waiting
            {
                Log.BatchFailed(_logger, e, batch.Count, _model.Name);
                RetrievalException failure = new(ErrorKind.Internal, $"Model {_model.Name} could not run a batch: {e.Message}", inner: e);
                batch.ForEach(t => t.Done.TrySetException(failure));
            }
        }
    }
}

/// <summary>Input tensors of one thread, used again for every batch.</summary>
internal sealed class BatchBuffers
{
    private long[] _ids = [], _mask = [], _types = [], _positions = [];

    /// <summary>
    /// Pads are on the right, always, whatever side tokenizer.json names: operators that take lengths of rows for a mask (TransformerGraph.RightPaddingOnly)
    /// know no other side, and to the rest it makes no difference. So a token's position is its column.
    /// </summary>
    public (long[] Ids, long[] Mask, long[] Types, long[] Positions) Fill(List<TextWork> batch, int columns)
    {
        int size = batch.Count * columns;
        if (_ids.Length < size)
        {
            (_ids, _mask, _types, _positions) = (new long[size], new long[size], new long[size], new long[size]);
        }
        for (int row = 0; row < batch.Count; row++)
        {
            Tokenization.Encoding tokens = batch[row].Tokens;
            for (int i = 0, at = row * columns; i < columns; i++, at++)
            {
                bool real = i < tokens.Ids.Length;
                (_ids[at], _mask[at], _types[at], _positions[at]) = real ? (tokens.Ids[i], 1, tokens.TypeIds[i], i) : (0, 0, 0, 0);
            }
        }
        return (_ids, _mask, _types, _positions);
    }

    /// <summary>1 at each text's placeholder; a text without one gets what the graph computes without the method.</summary>
    public static long[] Placeholders(List<TextWork> batch, int columns)
    {
        long[] mask = new long[batch.Count * columns];
        for (int row = 0; row < batch.Count; row++)
        {
            if (batch[row].Placeholder >= 0)
            {
                mask[row * columns + batch[row].Placeholder] = 1;
            }
        }
        return mask;
    }
}

using Retrieval.Onnx;

namespace Retrieval.Encoder;

/// <summary>Input tensors of one thread, used again for every batch.</summary>
internal sealed class BatchBuffers : IDisposable
{
    private long[] _ids = [], _mask = [], _types = [], _positions = [], _placeholders = [];

    /// <summary>The session's own input and output memory, where it is bound to some.</summary>
    public OnnxRuntime.BoundRun? Bound { get; set; }

    /// <summary>
    /// Pads are on the right, always, whatever side tokenizer.json names: operators that take lengths of rows for a mask (TransformerGraph.RightPaddingOnly)
    /// know no other side, and to the rest it makes no difference. So a token's position is its column.
    /// </summary>
    public void Fill(List<TextWork> batch, int columns)
    {
        int size = batch.Count * columns;
        if (_ids.Length < size)
        {
            int room = Math.Max(size, 2 * _ids.Length);
            (_ids, _mask, _types, _positions) = (new long[room], new long[room], new long[room], new long[room]);
        }
        for (int row = 0; row < batch.Count; row++)
        {
            TextWork text = batch[row];
            Widen(text.Ids, _ids, row * columns, columns);
            Widen(text.TypeIds, _types, row * columns, columns);
            for (int i = 0, at = row * columns; i < columns; i++, at++)
            {
                (_mask[at], _positions[at]) = i < text.Length ? (1, i) : (0, 0);
            }
        }
    }

    /// <summary>1 at each text's placeholder; a text without one gets what the graph computes without the method. For graphs of Token Prepending alone.</summary>
    public void FillPlaceholders(List<TextWork> batch, int columns)
    {
        if (_placeholders.Length < _ids.Length)
        {
            _placeholders = new long[_ids.Length];
        }
        Array.Clear(_placeholders, 0, batch.Count * columns);
        for (int row = 0; row < batch.Count; row++)
        {
            if (batch[row].Placeholder >= 0)
            {
                _placeholders[row * columns + batch[row].Placeholder] = 1;
            }
        }
    }

    /// <summary>Values for an input of a graph.</summary>
    public long[] Of(string input) => input switch
    {
        ModelInputs.Ids => _ids,
        ModelInputs.Mask => _mask,
        ModelInputs.Positions => _positions,
        ModelInputs.Placeholder => _placeholders,
        _ => _types,
    };

    /// <inheritdoc/>
    public void Dispose() => Bound?.Dispose();

    private static void Widen(ReadOnlySpan<int> from, long[] to, int at, int columns)
    {
        for (int i = 0; i < from.Length; i++)
        {
            to[at + i] = from[i];
        }
        Array.Clear(to, at + from.Length, columns - from.Length);
    }
}

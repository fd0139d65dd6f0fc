using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Onnx;

/// <summary>A batch of token ids with its mask, and what some models want besides.</summary>
/// <param name="Rows">Texts.</param>
/// <param name="Ids">Row-major.</param>
/// <param name="Mask">1 at a text's own tokens.</param>
/// <param name="Types">Null where the model takes none.</param>
internal sealed record Feed(int Rows, long[] Ids, long[] Mask, long[]? Types)
{
    public int Columns => Ids.Length / Rows;

    /// <summary>Inputs of other shapes, by name.</summary>
    public Dictionary<string, (long[] Values, int[] Shape)> More { get; init; } = [];

    /// <summary>Tokens of each text.</summary>
    public int[] Lengths => [.. Enumerable.Range(0, Rows).Select(r => (int)Mask.AsSpan(r * Columns, Columns).ToArray().Sum())];

    /// <summary>One row alone, without its pads.</summary>
    public Feed Single(int row)
    {
        int[] own = [.. Enumerable.Range(row * Columns, Columns).Where(i => Mask[i] == 1)];
        return new Feed(1, [.. own.Select(i => Ids[i])], [.. own.Select(_ => 1L)], Types is null ? null : [.. own.Select(i => Types[i])]);
    }

    /// <summary>What an input is fed; null for one that it knows nothing of.</summary>
    public (long[] Values, long[] Shape)? Value(string name) => name switch
    {
        "input_ids" => (Ids, [Rows, Columns]),
        "attention_mask" => (Mask, [Rows, Columns]),
        "token_type_ids" => (Types ?? new long[Ids.Length], [Rows, Columns]),
        "position_ids" => (Positions(), [Rows, Columns]),
        _ when More.TryGetValue(name, out (long[] Values, int[] Shape) more) => (more.Values, Array.ConvertAll(more.Shape, s => (long)s)),
        _ => null,
    };

    /// <summary>The place of a token among its text's own; 1 at pads, as the library has it.</summary>
    private long[] Positions()
    {
        long[] positions = new long[Ids.Length];
        for (int row = 0; row < Rows; row++)
        {
            long next = 0;
            for (int i = row * Columns; i < (row + 1) * Columns; i++)
            {
                positions[i] = Mask[i] == 1 ? next++ : 1;
            }
        }
        return positions;
    }
}

/// <summary>A batch of a golden case, as a model takes it.</summary>
internal sealed record GoldenBatch(IReadOnlyDictionary<string, long[]> Inputs, long[] Shape, bool[] IsToken)
{
    public static GoldenBatch Of(Npz arrays, IEnumerable<KeyValuePair<string, string>> keys)
    {
        Dictionary<string, string> named = new(keys);
        long[] shape = arrays.Shape(named["input_ids"]);
        Dictionary<string, long[]> inputs = named.Where(k => arrays.Shape(k.Value).SequenceEqual(shape)).ToDictionary(k => k.Key, k => arrays.Longs(k.Value));
        bool[] tokens = inputs.TryGetValue("segment_ids", out long[]? segments) ? [.. segments.Select(s => s >= 0)] : [.. inputs["attention_mask"].Select(m => m != 0)];
        // Exports that take positions were traced so: they count along the row whatever the padding.
        inputs.TryAdd("position_ids", [.. Enumerable.Range(0, tokens.Length).Select(i => i % shape[1])]);
        return new GoldenBatch(inputs, shape, tokens);
    }

    /// <summary>Vectors of the tokens alone, row by row.</summary>
    public float[] Tokens(float[] output)
    {
        int width = output.Length / IsToken.Length;
        return [.. IsToken.Index().Where(t => t.Item).SelectMany(t => output[(t.Index * width)..((t.Index + 1) * width)])];
    }
}

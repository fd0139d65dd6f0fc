namespace Retrieval.Tokenization;

/// <summary>
/// The tokens of one text at a time, in memory that is used again: encoding into it allocates nothing once it has grown to the size of the texts. Not for
/// several threads at once.
/// </summary>
public sealed class EncodingBuffer
{
    private int[] _ids = new int[128], _types = new int[128], _starts = new int[128], _ends = new int[128];

    /// <summary>Number of tokens.</summary>
    public int Count { get; private set; }

    /// <summary>Tokens before and after the text's own that the template added.</summary>
    public (int Before, int After) Special { get; internal set; }

    /// <summary>Vocabulary ids.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Type ids.</summary>
    public ReadOnlySpan<int> TypeIds => _types.AsSpan(0, Count);

    /// <summary>UTF-16 index of each token's first char.</summary>
    public ReadOnlySpan<int> Starts => _starts.AsSpan(0, Count);

    /// <summary>UTF-16 index after its last.</summary>
    public ReadOnlySpan<int> Ends => _ends.AsSpan(0, Count);

    /// <summary>Makes room for a number of tokens.</summary>
    internal void Reset(int count)
    {
        if (count > _ids.Length)
        {
            int size = Math.Max(count, _ids.Length * 2);
            (_ids, _types, _starts, _ends) = (new int[size], new int[size], new int[size], new int[size]);
        }
        Count = count;
    }

    /// <summary>Takes tokens one by one.</summary>
    internal void Fill(List<Row> rows)
    {
        Reset(rows.Count);
        Special = (rows.TakeWhile(r => r.IsSpecial).Count(), rows.AsEnumerable().Reverse().TakeWhile(r => r.IsSpecial).Count());
        for (int i = 0; i < rows.Count; i++)
        {
            Set(i, rows[i]);
        }
    }

    internal void Set(int index, in Row row) => (_ids[index], _types[index], _starts[index], _ends[index]) = (row.Id, row.Type, row.Start, row.End);

    /// <summary>Puts the first of some tokens at an index.</summary>
    internal void Copy(TokenBuffer tokens, int count, int index, int type)
    {
        tokens.Ids[..count].CopyTo(_ids.AsSpan(index));
        tokens.Starts[..count].CopyTo(_starts.AsSpan(index));
        tokens.Ends[..count].CopyTo(_ends.AsSpan(index));
        _types.AsSpan(index, count).Fill(type);
    }
}

namespace Retrieval.Tokenization;

/// <summary>Where tokens go: into lists, or only into a number.</summary>
internal interface ITokenSink
{
    void Add(int id, int start, int end);
}

/// <summary>Counts.</summary>
internal struct TokenCounter : ITokenSink
{
    public int Count { get; private set; }

    public void Add(int id, int start, int end) => Count++;
}

/// <summary>Keeps everything.</summary>
internal readonly struct TokenList() : ITokenSink
{
    public List<int> Ids { get; } = [];
    public List<int> Starts { get; } = [];
    public List<int> Ends { get; } = [];

    public void Add(int id, int start, int end)
    {
        Ids.Add(id);
        Starts.Add(start);
        Ends.Add(end);
    }

    /// <summary>Keeps the first tokens only.</summary>
    public void Truncate(int count)
    {
        if (count < Ids.Count)
        {
            Ids.RemoveRange(count, Ids.Count - count);
            Starts.RemoveRange(count, Starts.Count - count);
            Ends.RemoveRange(count, Ends.Count - count);
        }
    }
}

using System.Buffers;

namespace Retrieval.Tokenization;

/// <summary>A few texts, sought at once: the leftmost match, the longest at one place.</summary>
internal sealed class TokenTrie
{
    private readonly List<Node> _nodes = [new()];
    private readonly SearchValues<char> _firsts;

    public TokenTrie(IEnumerable<(string Text, int Id)> entries)
    {
        HashSet<char> firsts = [];
        foreach ((string text, int id) in entries.Where(e => e.Text.Length > 0))
        {
            firsts.Add(text[0]);
            int node = 0;
            foreach (char c in text)
            {
                node = Child(node, c) is >= 0 and int child ? child : Grow(node, c);
            }
            _nodes[node].Id = id;
        }
        _firsts = SearchValues.Create([.. firsts]);
    }

    /// <summary>False when no match begins anywhere.</summary>
    public bool MayOccur(ReadOnlySpan<char> text) => text.ContainsAny(_firsts);

    public bool Find(ReadOnlySpan<char> text, int from, out int start, out int end, out int id)
    {
        for (start = from; ; start++)
        {
            int next = text[start..].IndexOfAny(_firsts);
            if (next < 0)
            {
                (end, id) = (start, -1);
                return false;
            }
            start += next;
            if (Longest(text, start, out end, out id))
            {
                return true;
            }
        }
    }

    private bool Longest(ReadOnlySpan<char> text, int start, out int end, out int id)
    {
        (end, id) = (start, -1);
        for (int node = 0, i = start; i < text.Length && (node = Child(node, text[i])) >= 0; i++)
        {
            if (_nodes[node].Id >= 0)
            {
                (end, id) = (i + 1, _nodes[node].Id);
            }
        }
        return id >= 0;
    }

    private int Child(int node, char c)
    {
        int at = Find(_nodes[node].Chars, c);
        return at < 0 ? -1 : _nodes[node].Children[at];
    }

    private int Grow(int node, char c)
    {
        int at = ~Find(_nodes[node].Chars, c);
        _nodes[node].Chars.Insert(at, c);
        _nodes[node].Children.Insert(at, _nodes.Count);
        _nodes.Add(new Node());
        return _nodes.Count - 1;
    }

    /// <summary>Index of a char in order, or the complement of where it belongs.</summary>
    private static int Find(List<char> chars, char c)
    {
        int low = 0, high = chars.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = chars[middle] < c ? (middle + 1, high) : (low, middle);
        }
        return low < chars.Count && chars[low] == c ? low : ~low;
    }

    private sealed class Node
    {
        public List<char> Chars { get; } = [];

        public List<int> Children { get; } = [];

        public int Id { get; set; } = -1;
    }
}

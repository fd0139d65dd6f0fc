using System.Runtime.CompilerServices;

namespace Retrieval.Tokenization;

/// <summary>
/// A trie over UTF-16 units whose edges are in one open-addressed table, eight bytes each: (node, unit) to (child, whether a token ends there). A step is one multiplication
/// and, mostly, one cache line; building takes time in the number of chars, whatever the alphabet.
/// </summary>
internal sealed class HashTrie
{
    // Key: 24 bits of node and 16 of unit. Value: 23 bits of child, one that says that a token ends there. Node 0 is never a child, so no edge is 0.
    private const int KeyShift = 24, MostNodes = 1 << 23;
    private const ulong Spread = 0x9E3779B97F4A7C15;

    private ulong[] _edges = new ulong[1 << 12];
    private int[] _ids = new int[1 << 11];
    private int _shift = 64 - 12;

    /// <param name="roots">Roots: nodes 0, 1 and so on.</param>
    public HashTrie(int roots) => Nodes = roots;

    /// <summary>Nodes, roots included.</summary>
    public int Nodes { get; private set; }

    /// <summary>Id of the token that ends at a node that <see cref="Step"/> said one ends at.</summary>
    public int Id(int node) => _ids[node];

    /// <summary>Adds a token below a root; of equal tokens the last counts.</summary>
    /// <exception cref="InvalidOperationException">The vocabulary is too large for this trie.</exception>
    public void Add(int root, ReadOnlySpan<char> token, int id)
    {
        int node = root;
        for (int i = 0; i < token.Length; i++)
        {
            node = Grow(node, token[i], i == token.Length - 1);
        }
        _ids[node] = id;
    }

    /// <summary>The child of a node; -1 when there is none.</summary>
    /// <param name="node">Where to go from.</param>
    /// <param name="unit">Along which edge.</param>
    /// <param name="isToken">A token ends at the child.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Step(int node, char unit, out bool isToken)
    {
        ulong[] edges = _edges;
        ulong key = (ulong)(uint)node << 16 | unit;
        for (uint at = (uint)(key * Spread >> _shift); ; at++)
        {
            ulong edge = edges[(int)(at & (uint)(edges.Length - 1))];
            if (edge >> KeyShift == key && edge != 0)
            {
                isToken = (edge & 1) != 0;
                return (int)(edge >> 1 & MostNodes - 1);
            }
            if (edge == 0)
            {
                isToken = false;
                return -1;
            }
        }
    }

    /// <summary>Calls back with every edge, in no order.</summary>
    public void ForEachEdge(Action<int, char, int, bool> visit)
    {
        foreach (ulong edge in _edges)
        {
            if (edge != 0)
            {
                visit((int)(edge >> 40), (char)(edge >> KeyShift), (int)(edge >> 1 & MostNodes - 1), (edge & 1) != 0);
            }
        }
    }

    private int Grow(int node, char unit, bool isToken)
    {
        ulong key = (ulong)(uint)node << 16 | unit;
        int at = Slot(key);
        if (_edges[at] == 0)
        {
            if (Nodes == MostNodes)
            {
                throw new InvalidOperationException($"The tokens of this vocabulary need more than the {MostNodes} nodes that the trie can have.");
            }
            if (Nodes * 2 >= _edges.Length)
            {
                Double();
                at = Slot(key);
            }
            _edges[at] = key << KeyShift | (ulong)(uint)Nodes << 1;
            Nodes++;
            if (Nodes > _ids.Length)
            {
                Array.Resize(ref _ids, _ids.Length * 2);
            }
        }
        _edges[at] |= isToken ? 1UL : 0;
        return (int)(_edges[at] >> 1 & MostNodes - 1);
    }

    private int Slot(ulong key)
    {
        for (uint at = (uint)(key * Spread >> _shift); ; at++)
        {
            ulong edge = _edges[(int)(at & (uint)(_edges.Length - 1))];
            if (edge == 0 || edge >> KeyShift == key)
            {
                return (int)(at & (uint)(_edges.Length - 1));
            }
        }
    }

    private void Double()
    {
        ulong[] old = _edges;
        _edges = new ulong[old.Length * 2];
        _shift--;
        foreach (ulong edge in old)
        {
            if (edge != 0)
            {
                _edges[Slot(edge >> KeyShift)] = edge;
            }
        }
    }
}

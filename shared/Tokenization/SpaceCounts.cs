namespace Retrieval.Tokenization;

/// <summary>How many spaces each spelling of the vocabulary has at its ends, counted when first asked for.</summary>
internal sealed class SpaceCounts(Func<int, string?> spelling, int tokens)
{
    // Number at the beginning and the end, one byte each, plus one; 0: not counted yet. Two threads may count the same: they find the same.
    private readonly ushort[] _counts = new ushort[tokens];

    public (int Leading, int Trailing) this[int id]
    {
        get
        {
            if ((uint)id >= (uint)_counts.Length)
            {
                return TokenSpaces.Count(spelling(id));
            }
            if (_counts[id] == 0)
            {
                (int leading, int trailing) = TokenSpaces.Count(spelling(id));
                if (Math.Max(leading, trailing) > 254)
                {
                    return (leading, trailing);
                }
                _counts[id] = (ushort)((leading + 1) << 8 | trailing + 1);
            }
            return ((_counts[id] >> 8) - 1, (_counts[id] & 0xFF) - 1);
        }
    }
}

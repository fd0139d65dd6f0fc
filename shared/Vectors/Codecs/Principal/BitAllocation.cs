namespace Retrieval.Vectors.Codecs.Principal;

/// <summary>Some bits of one byte of a code.</summary>
/// <param name="Byte">Which byte.</param>
/// <param name="Shift">Its lowest bit.</param>
/// <param name="Bits">How many.</param>
/// <param name="Direction">The principal direction that they code.</param>
internal readonly record struct BitField(int Byte, int Shift, int Bits, int Direction);

/// <summary>
/// Bits go one by one to the direction whose error they lower most, and no direction is cut by the border of a cell (a byte, or half of one): so a cell is a
/// table of 256 or 16 entries and scoring is as fast as with a product quantiser of as many bytes.
/// </summary>
internal static class BitAllocation
{
    // A score's error is the sum of query x error over directions, and queries vary as the vectors do: weight 1 minimises the score's error, 0 the
    // vector's. Neighbours of one query differ in the small directions too; on text vectors recall was best half-way.
    private const double Weight = 0.5;

    /// <summary>Fields that fill so many bytes, cell by cell; <paramref name="cellBits"/> is 8 or 4.</summary>
    public static BitField[] Fill(double[] variances, int bytes, int cellBits)
    {
        double[] weights = [.. variances.Select(v => Math.Pow(v, 1 + Weight))];
        for (int total = 8 * bytes; ; total--)
        {
            if (Pack(Greedy(weights, total, cellBits), 8 * bytes / cellBits, cellBits) is { } packed)
            {
                FillGaps(packed, weights, cellBits);
                return [.. Fields(packed, cellBits)];
            }
        }
    }

    private static double Gain(double[] weights, int direction, int bits, int most) =>
        bits == most ? double.NegativeInfinity : weights[direction] * (ScalarLevels.GaussianError(bits) - ScalarLevels.GaussianError(bits + 1));

    private static int[] Greedy(double[] weights, int total, int cellBits)
    {
        int[] bits = new int[weights.Length];
        PriorityQueue<int, double> next = new();
        next.EnqueueRange(Enumerable.Range(0, bits.Length).Select(i => (i, -Gain(weights, i, 0, cellBits))));
        for (int given = 0; given < total && next.TryDequeue(out int i, out _); given++)
        {
            bits[i]++;
            if (bits[i] < cellBits)
            {
                next.Enqueue(i, -Gain(weights, i, bits[i], cellBits));
            }
        }
        return bits;
    }

    /// <summary>Largest first, each into the fullest cell that has room; null when the cells do not suffice.</summary>
    private static List<(int Direction, int Bits)>[]? Pack(int[] bits, int cells, int cellBits)
    {
        List<(int Direction, int Bits)>[] packed = [.. Enumerable.Range(0, cells).Select(_ => new List<(int, int)>())];
        int[] room = [.. Enumerable.Repeat(cellBits, cells)];
        foreach (int i in Enumerable.Range(0, bits.Length).Where(i => bits[i] > 0).OrderByDescending(i => bits[i]))
        {
            int best = -1;
            for (int b = 0; b < cells; b++)
            {
                best = room[b] >= bits[i] && (best < 0 || room[b] < room[best]) ? b : best;
            }
            if (best < 0)
            {
                return null;
            }
            packed[best].Add((i, bits[i]));
            room[best] -= bits[i];
        }
        return packed;
    }

    private static void FillGaps(List<(int Direction, int Bits)>[] packed, double[] weights, int cellBits)
    {
        HashSet<int> used = [.. packed.SelectMany(p => p).Select(p => p.Direction)];
        for (int b = 0; b < packed.Length; b++)
        {
            while (packed[b].Sum(p => p.Bits) < cellBits)
            {
                int fresh = Enumerable.Range(0, weights.Length).FirstOrDefault(i => !used.Contains(i), -1);
                (int at, double gain) = packed[b].Select((p, at) => (at, Gain(weights, p.Direction, p.Bits, cellBits))).DefaultIfEmpty((-1, double.NegativeInfinity)).MaxBy(g => g.Item2);
                if (fresh >= 0 && (at < 0 || Gain(weights, fresh, 0, cellBits) > gain))
                {
                    packed[b].Add((fresh, 1));
                    used.Add(fresh);
                }
                else if (at >= 0 && gain > double.NegativeInfinity)
                {
                    packed[b][at] = (packed[b][at].Direction, packed[b][at].Bits + 1);
                }
                else
                {
                    break;
                }
            }
        }
    }

    private static IEnumerable<BitField> Fields(List<(int Direction, int Bits)>[] packed, int cellBits)
    {
        for (int b = 0; b < packed.Length; b++)
        {
            int shift = b * cellBits % 8;
            foreach ((int direction, int bits) in packed[b])
            {
                yield return new BitField(b * cellBits / 8, shift, bits, direction);
                shift += bits;
            }
        }
    }
}

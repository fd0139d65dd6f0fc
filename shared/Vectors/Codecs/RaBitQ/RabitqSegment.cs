namespace Retrieval.Vectors.Codecs.RaBitQ;

/// <summary>A run of rotated principal directions that share a number of bits and two factors.</summary>
/// <param name="Start">First output.</param>
/// <param name="Outputs">Outputs, padded to whole bytes.</param>
/// <param name="Bits">Bits of each: 0, 1, 2, 4 or 8; nothing is kept of a segment of 0 bits but how large it is.</param>
/// <param name="FirstByte">Where its bits begin in a code.</param>
internal readonly record struct RabitqSegment(int Start, int Outputs, int Bits, int FirstByte)
{
    // Scales at which the grid is laid over the largest number; the best is taken, then bettered coordinate by coordinate.
    private static readonly float[] Reaches = [1, 1.15f, 1.3f, 1.6f, 2, 2.6f, 3.5f];
    private const int AdjustRounds = 2;

    /// <summary>Bytes of its bits.</summary>
    public int Bytes => Outputs * Bits / 8;

    /// <summary>The value of a level: grid points lie at odd halves around zero.</summary>
    public float Level(int level) => level - (1 << Bits - 1) + 0.5f;

    /// <summary>The code whose direction is nearest to these numbers, and its inner product and squared length.</summary>
    public (float Dot, float Square) Encode(ReadOnlySpan<float> numbers, Span<int> levels)
    {
        Span<int> trial = stackalloc int[numbers.Length];
        (float dot, float square) best = (0, 1);
        foreach (float reach in Bits == 1 ? [1f] : Reaches)
        {
            (float dot, float square) found = Lay(numbers, reach, trial);
            if (best.dot == 0 || found.dot * found.dot * best.square > best.dot * best.dot * found.square)
            {
                best = found;
                trial.CopyTo(levels);
            }
        }
        return Adjust(numbers, levels, best);
    }

    private (float Dot, float Square) Lay(ReadOnlySpan<float> numbers, float reach, Span<int> levels)
    {
        float largest = 0, dot = 0, square = 0;
        foreach (float x in numbers)
        {
            largest = MathF.Max(largest, MathF.Abs(x));
        }
        int half = 1 << Bits - 1;
        float scale = largest > 0 ? (half - 0.5f) * reach / largest : 0;
        for (int i = 0; i < numbers.Length; i++)
        {
            levels[i] = Math.Clamp((int)MathF.Floor(numbers[i] * scale) + half, 0, 2 * half - 1);
            float value = Level(levels[i]);
            (dot, square) = (dot + value * numbers[i], square + value * value);
        }
        return (dot, square);
    }

    private (float Dot, float Square) Adjust(ReadOnlySpan<float> numbers, Span<int> levels, (float Dot, float Square) sums)
    {
        for (int i = 0; i < AdjustRounds * numbers.Length; i++)
        {
            int at = i % numbers.Length;
            foreach (int to in (ReadOnlySpan<int>)[levels[at] + 1, levels[at] - 1])
            {
                if ((uint)to >= 1u << Bits)
                {
                    continue;
                }
                float from = Level(levels[at]), value = Level(to);
                float dot = sums.Dot + (value - from) * numbers[at], square = sums.Square + value * value - from * from;
                if (dot > 0 && dot * dot * sums.Square > sums.Dot * sums.Dot * square)
                {
                    (sums, levels[at]) = ((dot, square), to);
                }
            }
        }
        return sums;
    }
}

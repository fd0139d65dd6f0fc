using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Vectors.Codecs.RaBitQ;

/// <summary>
/// Segments of principal directions and the bits of each, chosen so that what is left of the variance is least (SAQ, 2509.12086: there by dynamic
/// programming; with so few segments all choices are tried).
/// </summary>
internal static class RabitqLayout
{
    /// <summary>Bytes of the two factors of a segment.</summary>
    public const int FactorBytes = 4;

    private const int Widest = 96, MostSegments = 6;
    private static readonly int[] Choices = [0, 1, 2, 4, 8];

    /// <summary>Segments for so many bytes a code, factors included.</summary>
    public static RabitqSegment[] Choose(double[] variances, int bytes)
    {
        int segments = Math.Clamp(variances.Length / Widest, 1, MostSegments), width = (variances.Length + 8 * segments - 1) / (8 * segments) * 8;
        segments = (variances.Length + width - 1) / width;
        double[] energies = [.. Enumerable.Range(0, segments).Select(s => variances.Skip(s * width).Take(width).Sum())];
        int room = bytes - FactorBytes * segments;
        if (room < width / 8)
        {
            throw new ArgumentException($"Codec {RabitqCodec.Name} needs at least {FactorBytes * segments + width / 8} bytes at {variances.Length} dimensions: {FactorBytes} bytes of factors for each of {segments} segments and a bit for the first; {bytes} were asked for.");
        }
        int[] best = [];
        double least = double.PositiveInfinity;
        for (int choice = 0; choice < Math.Pow(Choices.Length, segments); choice++)
        {
            int[] bits = [.. Enumerable.Range(0, segments).Select(s => Choices[choice / (int)Math.Pow(Choices.Length, s) % Choices.Length])];
            double left = energies.Zip(bits, (e, b) => e * Math.Pow(4, -b)).Sum();
            (best, least) = bits[0] > 0 && bits.Sum() * width / 8 <= room && left < least ? (bits, left) : (best, least);
        }
        return Place(best, width);
    }

    /// <summary>Segments one after another.</summary>
    public static RabitqSegment[] Place(IReadOnlyList<int> bits, int width)
    {
        RabitqSegment[] placed = new RabitqSegment[bits.Count];
        for (int s = 0, at = FactorBytes * bits.Count; s < placed.Length; at += placed[s].Bytes, s++)
        {
            placed[s] = new RabitqSegment(s * width, width, bits[s], at);
        }
        return placed;
    }

    /// <summary>Principal directions, turned at random inside each segment: outputs x dimensions. Directions that are not there leave zero columns out.</summary>
    public static float[] Rotation(PrincipalDirections principal, RabitqSegment[] segments, int seed)
    {
        int dimensions = principal.Variances.Length;
        List<float> rows = [];
        foreach (RabitqSegment segment in segments)
        {
            int count = Math.Min(segment.Outputs, dimensions - segment.Start);
            Matrix own = new(count, dimensions, principal.Rows.Values[(segment.Start * dimensions)..((segment.Start + count) * dimensions)]);
            Matrix random = Rotations.Random(segment.Outputs, seed + segment.Start), kept = new(segment.Outputs, count);
            for (int i = 0; i < segment.Outputs; i++)
            {
                random.Row(i)[..count].CopyTo(kept.Row(i));
            }
            rows.AddRange((kept * own).ToSingles());
        }
        return [.. rows];
    }
}

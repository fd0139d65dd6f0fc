using Retrieval.Contracts;
using Retrieval.Vectors;
using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Encoder;

/// <summary>
/// LEAF (arXiv 2509.12539) without training: a map in closed form takes a student's vectors to a teacher's, fitted on the user's own texts. Texts
/// that nothing was fitted to say how much it keeps; only that figure admits the pair.
/// </summary>
public static class ModelAlignment
{
    /// <summary>Fewer texts say nothing: a tenth of them would be asked.</summary>
    public const int FewestTexts = 50;

    private const int HeldOutEvery = 5, Seed = 20;

    // Shares of the mean variance; a finer grid moves the cosine in its fourth digit.
    private static readonly double[] Penalties = [1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1];

    /// <summary>Fits and measures.</summary>
    /// <param name="student">Unit vectors of the texts; raw ones where the student's folder does not normalise.</param>
    /// <param name="teacher">Unit vectors of the same texts.</param>
    /// <param name="kind">Which map.</param>
    /// <param name="cancellationToken">Between steps.</param>
    /// <returns>Every map that was tried, the one to take first.</returns>
    /// <exception cref="RetrievalException">Invalid: too few texts, or dimensions that the map cannot join.</exception>
    public static IReadOnlyList<AlignedMap> Fit(IReadOnlyList<float[]> student, IReadOnlyList<float[]> teacher, MapKind kind, CancellationToken cancellationToken)
    {
        if (student.Count != teacher.Count || teacher.Count < FewestTexts)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{teacher.Count} texts are too few to fit a map and to measure it.", "--texts", $"{teacher.Count}", $"at least {FewestTexts}", "Give more of the texts that will be searched; some thousands are good.");
        }
        RequireDimensions(student[0].Length, teacher[0].Length, kind);
        bool[] heldOut = HeldOut(teacher.Count);
        List<AlignedMap> maps = [];
        foreach (MapKind one in kind == MapKind.Best ? [MapKind.Ridge, .. student[0].Length == teacher[0].Length ? [MapKind.Procrustes] : Array.Empty<MapKind>()] : (MapKind[])[kind])
        {
            cancellationToken.ThrowIfCancellationRequested();
            (LinearFit? fit, double? penalty) = one switch
            {
                MapKind.Ridge => Ridge(student, teacher, heldOut, cancellationToken),
                MapKind.Procrustes => (LinearFit.Procrustes(Rows(student, i => !heldOut[i]), Rows(teacher, i => !heldOut[i]), cancellationToken), null),
                _ => ((LinearFit?)null, (double?)null),
            };
            maps.Add(new AlignedMap(one, fit, penalty, PairMeasure.Of([.. student.Select((s, i) => heldOut[i] ? Mapped(fit, s) : null)], teacher, Seed, cancellationToken)));
        }
        return [.. maps.OrderByDescending(m => m.Measure.RecallKept.Value)];
    }

    private static void RequireDimensions(int student, int teacher, MapKind kind)
    {
        if (student != teacher && kind is MapKind.None or MapKind.Procrustes)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The student's vectors have {student} dimensions and the teacher's {teacher}: they cannot be {(kind == MapKind.None ? "compared" : "joined by a rotation")}.",
                "--map", $"{kind}".ToLowerInvariant(), "ridge", "Use --map ridge.");
        }
    }

    /// <summary>The penalty is chosen inside the fitted texts, so that the held-out ones stay unseen.</summary>
    private static (LinearFit, double?) Ridge(IReadOnlyList<float[]> student, IReadOnlyList<float[]> teacher, bool[] heldOut, CancellationToken cancellationToken)
    {
        int[] fitted = [.. Enumerable.Range(0, heldOut.Length).Where(i => !heldOut[i])];
        bool[] inner = HeldOut(fitted.Length);
        HashSet<int> asked = [.. fitted.Where((_, i) => inner[i])];
        Matrix from = Rows(student, i => !heldOut[i] && !asked.Contains(i)), to = Rows(teacher, i => !heldOut[i] && !asked.Contains(i));
        double best = Penalties.MaxBy(p =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            LinearFit fit = LinearFit.Ridge(from, to, p);
            return asked.Average(i => (double)Kernels.Dot(Mapped(fit, student[i]), teacher[i]));
        });
        return (LinearFit.Ridge(Rows(student, i => !heldOut[i]), Rows(teacher, i => !heldOut[i]), best), best);
    }

    private static float[] Mapped(LinearFit? fit, float[] vector)
    {
        float[] mapped = fit is null ? [.. vector] : new float[fit.Bias.Length];
        fit?.Apply(vector, mapped);
        Kernels.Normalize(mapped);
        return mapped;
    }

    private static bool[] HeldOut(int texts)
    {
        int[] order = [.. Enumerable.Range(0, texts)];
        new Random(Seed).Shuffle(order);
        bool[] heldOut = new bool[texts];
        foreach (int i in order.Take(texts / HeldOutEvery))
        {
            heldOut[i] = true;
        }
        return heldOut;
    }

    private static Matrix Rows(IReadOnlyList<float[]> vectors, Func<int, bool> wanted)
    {
        int[] indexes = [.. Enumerable.Range(0, vectors.Count).Where(wanted)];
        Matrix rows = new(indexes.Length, vectors[0].Length);
        for (int r = 0; r < indexes.Length; r++)
        {
            for (int i = 0; i < rows.Columns; i++)
            {
                rows[r, i] = vectors[indexes[r]][i];
            }
        }
        return rows;
    }
}

/// <summary>A map that was fitted, and what it keeps.</summary>
/// <param name="Kind">Ridge, Procrustes or None.</param>
/// <param name="Fit">Null for None.</param>
/// <param name="Penalty">Of ridge.</param>
/// <param name="Measure">On held-out texts.</param>
public sealed record AlignedMap(MapKind Kind, LinearFit? Fit, double? Penalty, PairMeasure Measure);

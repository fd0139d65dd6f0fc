using Retrieval.Vectors;

namespace Retrieval.Encoder;

/// <summary>How well one encoder answers in another's space, on texts that nothing was fitted to.</summary>
/// <param name="Texts">Number of texts that were asked.</param>
/// <param name="Cosine">Between the student's and the teacher's vector of the same text.</param>
/// <param name="RecallKept">Share of the teacher's ten nearest other texts that the student finds among its ten.</param>
public sealed record PairMeasure(int Texts, MeanInterval Cosine, MeanInterval RecallKept)
{
    /// <summary>Neighbours that are compared.</summary>
    public const int Depth = 10;

    /// <summary>Measures unit vectors of the same texts.</summary>
    /// <param name="student">One a text; null where the text was fitted to and is not asked.</param>
    /// <param name="teacher">One a text; all are searched.</param>
    /// <param name="seed">Of the interval.</param>
    /// <param name="cancellationToken">Between texts.</param>
    internal static PairMeasure Of(IReadOnlyList<float[]?> student, IReadOnlyList<float[]> teacher, int seed, CancellationToken cancellationToken) => Of(student, teacher, teacher, seed, cancellationToken);

    /// <summary>Measures unit vectors of the same texts, where the teacher encodes a query otherwise than a document.</summary>
    /// <param name="student">One a text, as a query; null where the text is not asked.</param>
    /// <param name="queries">The teacher's, one a text, as a query: what the student stands for.</param>
    /// <param name="documents">The teacher's, one a text, as a document; all are searched.</param>
    /// <param name="seed">Of the interval.</param>
    /// <param name="cancellationToken">Between texts.</param>
    internal static PairMeasure Of(IReadOnlyList<float[]?> student, IReadOnlyList<float[]> queries, IReadOnlyList<float[]> documents, int seed, CancellationToken cancellationToken)
    {
        List<double> cosines = [], kept = [];
        for (int i = 0; i < student.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (student[i] is { } vector)
            {
                cosines.Add(Kernels.Dot(vector, queries[i]));
                HashSet<int> wanted = Nearest(queries[i], documents, i);
                kept.Add((double)Nearest(vector, documents, i).Count(wanted.Contains) / wanted.Count);
            }
        }
        return new PairMeasure(cosines.Count, Bootstrap.Mean(cosines, seed), Bootstrap.Mean(kept, seed));
    }

    private static HashSet<int> Nearest(float[] query, IReadOnlyList<float[]> texts, int itself)
    {
        PriorityQueue<int, float> nearest = new(Depth + 1);
        for (int i = 0; i < texts.Count; i++)
        {
            if (i != itself)
            {
                nearest.Enqueue(i, Kernels.Dot(query, texts[i]));
                if (nearest.Count > Depth)
                {
                    nearest.Dequeue();
                }
            }
        }
        return [.. nearest.UnorderedItems.Select(n => n.Element)];
    }
}

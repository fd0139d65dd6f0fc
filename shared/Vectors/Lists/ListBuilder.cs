using Retrieval.Vectors.Graph;
using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Vectors.Lists;

/// <summary>How lists are built.</summary>
/// <param name="Recall">Share of the ten nearest rows that the lists which are looked at have to hold.</param>
/// <param name="Seed">Decides the first centroids and the rows that recall is measured with.</param>
public sealed record ListOptions(double Recall = 0.99, int Seed = 1);

/// <summary>
/// Builds lists: k-means over a sample, each row to its nearest centroid (Euclidean), and how many lists a search has to look at, measured with rows of the collection as queries. A row costs as
/// many products as there are centroids, which is a small part of what a graph takes. The same rows and seed give the same lists, whatever the cores.
/// </summary>
public static class ListBuilder
{
    // 2 x the root of the rows: then the centroids cost about as much as the lists that are looked at. Rounds and sample: more of them move hardly a row.
    private const int SampledAList = 48, Rounds = 8, BlockRows = 4096, Asked = 256, Nearest = 10;
    private const double ListsARoot = 2;

    /// <summary>Lists over rows 0 to <paramref name="count"/> - 1.</summary>
    public static InvertedLists Build(RowReader rows, int count, int dimensions, ListOptions options, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        int lists = Math.Max(1, (int)(ListsARoot * Math.Sqrt(count)));
        Random random = new(options.Seed);
        float[] centroids = Cluster(Gathered(rows, Some(random, count, lists * SampledAList), dimensions), dimensions, lists, random, cancellationToken);
        int[] asked = Some(random, count, Asked);
        TopRows[] best = [.. asked.Select(_ => new TopRows(Nearest + 1))]; // a row finds itself, too
        int[] assigned = new int[count];
        PackedMatrix toCentroids = PackedMatrix.OfTransposed(centroids, lists, dimensions), toAsked = PackedMatrix.OfTransposed(Gathered(rows, asked, dimensions), asked.Length, dimensions);
        float[] halves = Halves(centroids, dimensions), near = new float[BlockRows * lists], scores = new float[BlockRows * asked.Length];
        for (int first = 0; first < count; first += BlockRows)
        {
            float[] block = Gathered(rows, [.. Enumerable.Range(first, Math.Min(BlockRows, count - first))], dimensions);
            int taken = block.Length / dimensions;
            toCentroids.Multiply(block, taken, near.AsMemory(0, taken * lists), cancellationToken);
            toAsked.Multiply(block, taken, scores.AsMemory(0, taken * asked.Length), cancellationToken);
            for (int i = 0; i < taken; i++)
            {
                assigned[first + i] = NearestOf(near.AsSpan(i * lists, lists), halves);
                for (int q = 0; q < asked.Length; q++)
                {
                    best[q].Add(first + i, scores[i * asked.Length + q]);
                }
            }
        }
        return InvertedLists.Create(centroids, dimensions, assigned, Probes(Gathered(rows, asked, dimensions), asked, best, assigned, centroids, options.Recall));
    }

    /// <summary>The least number of lists that hold the wanted share of the nearest rows, counted by the place of each one's list in its query's order.</summary>
    private static int Probes(float[] queries, int[] asked, TopRows[] best, int[] assigned, float[] centroids, double recall)
    {
        int dimensions = queries.Length / asked.Length, lists = centroids.Length / dimensions;
        List<int> places = [];
        for (int q = 0; q < asked.Length; q++)
        {
            float[] scores = [.. Enumerable.Range(0, lists).Select(list => Kernels.Dot(queries.AsSpan(q * dimensions, dimensions), centroids.AsSpan(list * dimensions, dimensions)))];
            foreach ((int row, _) in best[q].ToSorted().Where(b => b.Row != asked[q]).Take(Nearest))
            {
                places.Add(scores.Index().Count(s => s.Item > scores[assigned[row]] || (s.Item == scores[assigned[row]] && s.Index < assigned[row])));
            }
        }
        places.Sort();
        return places.Count == 0 ? 1 : places[Math.Min(places.Count - 1, (int)(places.Count * recall))] + 1;
    }

    private static float[] Cluster(float[] sample, int dimensions, int lists, Random random, CancellationToken cancellationToken)
    {
        int count = sample.Length / dimensions;
        int[] order = Some(random, count, lists);
        float[] centroids = [.. Enumerable.Range(0, lists).SelectMany(list => sample[(order[list % order.Length] * dimensions)..((order[list % order.Length] + 1) * dimensions)])];
        float[] near = new float[BlockRows * lists];
        for (int round = 0; round < Rounds; round++)
        {
            PackedMatrix matrix = PackedMatrix.OfTransposed(centroids, lists, dimensions);
            float[] halves = Halves(centroids, dimensions);
            double[] sums = new double[centroids.Length];
            int[] sizes = new int[lists];
            for (int first = 0; first < count; first += BlockRows)
            {
                int taken = Math.Min(BlockRows, count - first);
                matrix.Multiply(sample.AsMemory(first * dimensions, taken * dimensions), taken, near.AsMemory(0, taken * lists), cancellationToken);
                for (int i = 0; i < taken; i++)
                {
                    int list = NearestOf(near.AsSpan(i * lists, lists), halves);
                    sizes[list]++;
                    for (int j = 0; j < dimensions; j++)
                    {
                        sums[list * dimensions + j] += sample[(first + i) * dimensions + j];
                    }
                }
            }
            for (int list = 0; list < lists; list++)
            {
                // A list that nobody is near to begins again at some row.
                int again = random.Next(count);
                for (int j = 0; j < dimensions; j++)
                {
                    centroids[list * dimensions + j] = sizes[list] > 0 ? (float)(sums[list * dimensions + j] / sizes[list]) : sample[again * dimensions + j];
                }
            }
        }
        return centroids;
    }

    private static float[] Halves(float[] centroids, int dimensions) =>
        [.. Enumerable.Range(0, centroids.Length / dimensions).Select(list => Kernels.Dot(centroids.AsSpan(list * dimensions, dimensions), centroids.AsSpan(list * dimensions, dimensions)) / 2)];

    /// <summary>Least distance: largest product less half the square of the centroid; of equal ones the first.</summary>
    private static int NearestOf(ReadOnlySpan<float> products, float[] halves)
    {
        int nearest = 0;
        for (int list = 1; list < products.Length; list++)
        {
            nearest = products[list] - halves[list] > products[nearest] - halves[nearest] ? list : nearest;
        }
        return nearest;
    }

    /// <summary>At most so many rows, by chance: rows at even distances would see little of what comes in turns.</summary>
    private static int[] Some(Random random, int count, int most)
    {
        int[] all = [.. Enumerable.Range(0, count)];
        random.Shuffle(all);
        int[] some = all[..Math.Min(count, most)];
        Array.Sort(some);
        return some;
    }

    private static float[] Gathered(RowReader rows, int[] which, int dimensions)
    {
        float[] gathered = new float[which.Length * dimensions];
        for (int i = 0; i < which.Length; i++)
        {
            rows(which[i]).CopyTo(gathered.AsSpan(i * dimensions));
        }
        return gathered;
    }
}

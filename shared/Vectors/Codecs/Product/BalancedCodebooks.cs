using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Vectors.Codecs.Product;

/// <summary>
/// Codebooks in the manner of RepCONC (2110.05789): while they are trained, the points of a batch are spread evenly over the centroids, so that all codes
/// are used alike; coding takes the nearest centroid. Distances are scaled to +-1, and the balance is Sinkhorn's, in double.
/// </summary>
internal static class BalancedCodebooks
{
    private const double Sharpness = 0.003;
    private const int Batch = 4096, SinkhornRounds = 30, Rounds = 3;

    /// <summary>Betters the codebooks of a quantiser on rotated rows.</summary>
    public static ProductQuantizer Train(ProductQuantizer from, ReadOnlyMemory<float> rows, CancellationToken cancellationToken)
    {
        SubCodebook[] books = new SubCodebook[from.Parts];
        Parallel.For(0, from.Parts, new ParallelOptions { CancellationToken = cancellationToken }, m =>
        {
            int start = from.Starts[m], size = from[m].Dimensions;
            float[] points = ProductQuantizer.Columns(rows.Span, from.Dimensions, start, size);
            books[m] = TrainPart(from[m], points[..(Math.Min(points.Length / size, 2 * Batch) * size)], cancellationToken);
        });
        return new ProductQuantizer(books, from.Bits);
    }

    /// <summary>Assigns every point of a batch so that the centroids' shares are alike.</summary>
    public static int[] Assign(SubCodebook book, ReadOnlySpan<float> points, CancellationToken cancellationToken)
    {
        Matrix share = Affinities(book, points);
        double[] columns = [.. Enumerable.Repeat(1.0, book.Count)];
        double[] rows = new double[share.Rows];
        for (int round = 0; round < SinkhornRounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Balance(share, rows, columns);
        }
        int[] assigned = new int[share.Rows];
        for (int i = 0; i < assigned.Length; i++)
        {
            double best = 0;
            for (int c = 0; c < book.Count; c++)
            {
                (assigned[i], best) = share[i, c] * columns[c] > best ? (c, share[i, c] * columns[c]) : (assigned[i], best);
            }
        }
        return assigned;
    }

    /// <summary>exp(-distance / sharpness) with distances scaled to +-1 over the batch; row by row the largest is brought to 1, which the balance undoes.</summary>
    private static Matrix Affinities(SubCodebook book, ReadOnlySpan<float> points)
    {
        int size = book.Dimensions, count = points.Length / size;
        Matrix distances = new(count, book.Count);
        for (int i = 0; i < count; i++)
        {
            for (int c = 0; c < book.Count; c++)
            {
                distances[i, c] = book.Distance(points.Slice(i * size, size), c);
            }
        }
        double reach = Math.Max((distances.Values.Max() - distances.Values.Min()) / 2, double.Epsilon);
        for (int i = 0; i < count; i++)
        {
            Span<double> row = distances.Row(i);
            double least = double.PositiveInfinity;
            foreach (double d in row)
            {
                least = Math.Min(least, d);
            }
            foreach (ref double d in row)
            {
                d = Math.Exp((least - d) / reach / Sharpness);
            }
        }
        return distances;
    }

    /// <summary>Rows to sum 1, then columns to equal sums.</summary>
    private static void Balance(Matrix share, double[] rows, double[] columns)
    {
        double[] sums = new double[columns.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = 1 / Math.Max(Matrix.Dot(share.Row(i), columns), 1e-300);
            Matrix.AddScaled(rows[i], share.Row(i), sums);
        }
        for (int c = 0; c < columns.Length; c++)
        {
            columns[c] = (double)rows.Length / columns.Length / Math.Max(sums[c], 1e-300);
        }
    }

    private static SubCodebook TrainPart(SubCodebook book, float[] points, CancellationToken cancellationToken)
    {
        int size = book.Dimensions, rows = points.Length / size;
        for (int round = 0; round < Rounds && rows > book.Count; round++)
        {
            float[] centroids = book.ToRows();
            int[] assigned = [.. points.Chunk(Batch * size).SelectMany(batch => Assign(book, batch, cancellationToken))];
            foreach (IGrouping<int, int> cluster in Enumerable.Range(0, rows).GroupBy(i => assigned[i]))
            {
                for (int j = 0; j < size; j++)
                {
                    centroids[cluster.Key * size + j] = (float)cluster.Average(i => (double)points[i * size + j]);
                }
            }
            book = new SubCodebook(centroids, size);
        }
        return book;
    }
}

using Retrieval.Contracts;
using Retrieval.Vectors;
using Retrieval.Vectors.Advisor;

namespace Retrieval.Host.Cli;

/// <summary>Vectors of a .npy file, with queries of another or with rows that are held out of it.</summary>
internal static class FileSource
{
    public static BenchSource Read(BenchRequest request)
    {
        NpyFormat file = Open(request.Vectors, "vectors");
        int[] order = Shuffled(file.Rows, request.Seed);
        int held = request.Queries is null ? Math.Min(request.Count, file.Rows / 5) : 0, taken = Math.Min(request.Sample, file.Rows - held);
        float[] queries = request.Queries is null ? Rows(file, order.AsSpan(0, held)) : Queries(request.Queries, file.Dimensions, request);
        float[] rows = taken == file.Rows ? file.Numbers : Rows(file, order.AsSpan(held, taken));
        string asked = request.Queries is null ? $"{held} rows of it are held out as queries; your own: --queries" : $"queries of {request.Queries}";
        return new BenchSource(new BenchVectors(rows, queries, file.Dimensions, file.Rows), $"{BenchSource.Part(taken, file.Rows)} of {request.Vectors}; {asked}");
    }

    /// <summary>Vectors of a file of queries, at most so many, drawn by the seed.</summary>
    public static float[] Queries(string path, int dimensions, BenchRequest request)
    {
        NpyFormat file = Open(path, "--queries");
        return file.Dimensions == dimensions ? Rows(file, Shuffled(file.Rows, request.Seed).AsSpan(0, Math.Min(request.Count, file.Rows)))
            : throw new RetrievalException(ErrorKind.Invalid, $"The queries of {path} have {file.Dimensions} dimensions, the vectors {dimensions}.", "--queries", $"{file.Dimensions}", $"{dimensions} dimensions", "Encode both with one model.");
    }

    private static NpyFormat Open(string path, string field)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return NpyFormat.Read(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NpyFormatException)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{path} cannot be read: {e.Message}", field, path, help: e is NpyFormatException ? null : "Give a file that numpy.save has written.", inner: e);
        }
    }

    private static int[] Shuffled(int count, int seed)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        new Random(seed).Shuffle(order);
        return order;
    }

    private static float[] Rows(NpyFormat file, ReadOnlySpan<int> which)
    {
        float[] rows = new float[which.Length * file.Dimensions];
        for (int i = 0; i < which.Length; i++)
        {
            file.Numbers.AsSpan(which[i] * file.Dimensions, file.Dimensions).CopyTo(rows.AsSpan(i * file.Dimensions));
        }
        return rows;
    }
}

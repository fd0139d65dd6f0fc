using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;
using Retrieval.Vectors;
using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Benchmarks.Vectors;

/// <summary>Row-major vectors of unit length and the queries that are asked of them.</summary>
internal sealed record VectorSet(string Name, int Dimensions, float[] Rows, float[] Queries)
{
    /// <summary>Number of rows.</summary>
    public int Count => Rows.Length / Dimensions;

    /// <summary>Number of queries.</summary>
    public int QueryCount => Queries.Length / Dimensions;

    /// <summary>One row.</summary>
    public ReadOnlySpan<float> Row(int row) => Rows.AsSpan(row * Dimensions, Dimensions);

    /// <summary>One query.</summary>
    public ReadOnlySpan<float> Query(int query) => Queries.AsSpan(query * Dimensions, Dimensions);

    /// <summary>The first rows only.</summary>
    public VectorSet Take(int rows) => this with { Rows = Rows[..(Math.Min(rows, Count) * Dimensions)] };
}

/// <summary>The vectors that codecs and scans are measured on: the real ones are encoded once and kept in the user's cache folder.</summary>
internal static class VectorSets
{
    private const int Seed = 17, MostOfEach = 36_000, Queries = 1_000, TextsARequest = 64, RequestsAtOnce = 8;

    // Clusters whose covariance falls by a power of the principal direction, as that of text vectors does.
    private const int Clusters = 2_000;
    private const double Decay = 0.5, Spread = 0.7;

    private static string Folder => Path.Combine(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "retrieval-benchmarks");

    /// <summary>Vectors of real texts, row-major float32; the last thousand are the queries.</summary>
    public static string RealFile => InCache("debian-texts-all-MiniLM-L6-v2.f32");

    /// <summary>A file of the cache folder.</summary>
    public static string InCache(string name) => Path.Combine(Folder, name);

    /// <summary>The default encoder's vectors of real texts; the last thousand are the queries.</summary>
    public static VectorSet Real()
    {
        if (!File.Exists(RealFile))
        {
            throw new InvalidOperationException($"{RealFile} is not there: run `prepare` first.");
        }
        float[] all = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(RealFile)).ToArray();
        const int dimensions = 384;
        return new VectorSet("debian texts", dimensions, all[..^(Queries * dimensions)], all[^(Queries * dimensions)..]);
    }

    /// <summary>Seeded unit vectors in clusters; drawn once and kept in the user's cache folder.</summary>
    public static VectorSet Clustered(int rows, int dimensions, CancellationToken cancellationToken)
    {
        string file = InCache($"clustered-{rows}x{dimensions}.f32");
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(Folder);
            using (FileStream part = File.Create(file + ".part"))
            {
                VectorSet drawn = Draw(rows, dimensions, cancellationToken);
                part.Write(MemoryMarshal.AsBytes(drawn.Rows.AsSpan()));
                part.Write(MemoryMarshal.AsBytes(drawn.Queries.AsSpan()));
            }
            File.Move(file + ".part", file);
        }
        VectorSet set = new("clustered", dimensions, new float[rows * dimensions], new float[Queries * dimensions]);
        using FileStream whole = File.OpenRead(file);
        whole.ReadExactly(MemoryMarshal.AsBytes(set.Rows.AsSpan()));
        whole.ReadExactly(MemoryMarshal.AsBytes(set.Queries.AsSpan()));
        return set;
    }

    private static VectorSet Draw(int rows, int dimensions, CancellationToken cancellationToken)
    {
        float[] rotation = Rotations.Random(dimensions, Seed).ToSingles();
        float[] centres = Draw(Clusters, dimensions, Seed), points = Draw(rows + Queries, dimensions, Seed + 1);
        for (int i = 0; i < rows + Queries; i++)
        {
            Span<float> point = points.AsSpan(i * dimensions, dimensions);
            ReadOnlySpan<float> centre = centres.AsSpan((int)((long)i * 7919 % Clusters) * dimensions, dimensions);
            for (int j = 0; j < dimensions; j++)
            {
                point[j] = centre[j] + (float)Spread * point[j];
            }
            Kernels.Normalize(point);
        }
        float[] turned = new float[points.Length];
        PackedMatrix.Of(rotation, dimensions, dimensions).Multiply(points, rows + Queries, turned, cancellationToken);
        return new VectorSet("clustered", dimensions, turned[..(rows * dimensions)], turned[(rows * dimensions)..]);
    }

    private static float[] Draw(int rows, int dimensions, int seed)
    {
        Gaussian gaussian = new(seed);
        float[] numbers = new float[rows * dimensions];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (float)(gaussian.Next() * Math.Pow(i % dimensions + 1, -Decay));
        }
        return numbers;
    }

    /// <summary>Encodes the real texts if that was not done yet.</summary>
    public static async Task<int> PrepareAsync(CancellationToken cancellationToken)
    {
        if (File.Exists(RealFile))
        {
            Report.Note($"{RealFile} is there.");
            return 0;
        }
        Directory.CreateDirectory(Folder);
        string[] texts = await RealTexts.ReadAsync(MostOfEach, Seed, cancellationToken);
        Report.Note($"{texts.Length} distinct texts, {texts.Sum(t => (long)t.Length):n0} characters.");
        EncoderOptions options = new() { Models = [new ModelOptions { Path = TestData.DefaultModel }], Provider = "cpu", Threads = Environment.ProcessorCount, CacheBytes = 0 };
        using LocalEncoder encoder = LocalEncoder.Load(options, NullLogger.Instance);
        string part = RealFile + ".part";
        await using (FileStream file = File.Create(part))
        {
            await EncodeAsync(encoder, texts, file, cancellationToken);
        }
        await File.WriteAllTextAsync(Path.ChangeExtension(RealFile, ".json"), JsonSerializer.Serialize(texts), cancellationToken);
        File.Move(part, RealFile);
        return 0;
    }

    private static async Task EncodeAsync(LocalEncoder encoder, string[] texts, FileStream file, CancellationToken cancellationToken)
    {
        int done = 0;
        foreach (string[] group in texts.Chunk(TextsARequest * RequestsAtOnce))
        {
            EmbedResult[] results = await Task.WhenAll(group.Chunk(TextsARequest).Select(part => encoder.EmbedAsync(new EmbedRequest(part, InputKind.Document), cancellationToken)));
            foreach (float[] vector in results.SelectMany(r => r.Vectors))
            {
                file.Write(MemoryMarshal.AsBytes(vector.AsSpan()));
            }
            done += group.Length;
            await Console.Error.WriteAsync($"\r{done:n0} of {texts.Length:n0}");
        }
    }
}

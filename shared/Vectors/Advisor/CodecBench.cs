using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Search;

namespace Retrieval.Vectors.Advisor;

/// <summary>Told which codec is at work, and how much of all work is done, in codecs.</summary>
public delegate void BenchProgress(string codec, double done);

/// <summary>Measures codecs on vectors and queries against exact search. Recall depends on vectors, queries and seed alone; times are the machine's.</summary>
public sealed class CodecBench
{
    /// <summary>Neighbours that count.</summary>
    public const int Top = 10;

    /// <summary>Candidates for each neighbour that is wanted, where they are scored again: what the index takes too.</summary>
    public const int Oversampling = 4;

    // Of a codec's work, for the progress: training, coding, and the rest is queries.
    private const double Training = 0.6, Coding = 0.1;
    private const int TimedRows = 4096, RowsAStep = 16_384;

    private readonly BenchVectors _vectors;
    private readonly int[][] _exact;
    private readonly TimeProvider _time;

    private CodecBench(BenchVectors vectors, int[][] exact, TimeProvider time) => (_vectors, _exact, _time) = (vectors, exact, time);

    /// <summary>Searches exactly, once.</summary>
    /// <exception cref="ArgumentException">Fewer rows than neighbours, or no query.</exception>
    public static CodecBench Of(BenchVectors vectors, TimeProvider time, CancellationToken cancellationToken)
    {
        if (vectors.Count < Top || vectors.QueryCount == 0)
        {
            throw new ArgumentException($"Recall@{Top} needs at least {Top} vectors and a query; there are {vectors.Count} and {vectors.QueryCount}.", nameof(vectors));
        }
        VectorRows.Require(vectors.Rows.Span, vectors.Dimensions, "The measurement");
        VectorRows.Require(vectors.Queries, vectors.Dimensions, "The measurement's queries");
        return new CodecBench(vectors, ExactNeighbours.Find(vectors.Rows, vectors.Queries, vectors.Dimensions, Top, cancellationToken), time);
    }

    /// <summary>Measures one codec after another; those that these vectors cannot have are told apart.</summary>
    public (IReadOnlyList<CodecTrial> Trials, IReadOnlyList<CodecRefusal> Refused) Run(IReadOnlyList<CodecSpec> specs, int seed, BenchProgress progress, CancellationToken cancellationToken)
    {
        List<CodecTrial> trials = [];
        List<CodecRefusal> refused = [];
        for (int i = 0; i < specs.Count; i++)
        {
            (CodecSpec spec, int before) = (specs[i], i);
            try
            {
                trials.Add(Measure(spec, seed, share => progress($"{spec}", before + share), cancellationToken));
            }
            catch (ArgumentException e)
            {
                refused.Add(new CodecRefusal($"{spec}", e.Message));
            }
            progress($"{spec}", i + 1);
        }
        return (trials, refused);
    }

    private CodecTrial Measure(CodecSpec spec, int seed, Action<double> share, CancellationToken cancellationToken)
    {
        long began = _time.GetTimestamp();
        Codec codec = spec.Train(new CodecTraining(_vectors.Rows, _vectors.Dimensions, seed, new Told(done => share(Training * done))), cancellationToken);
        double training = _time.GetElapsedTime(began).TotalSeconds;
        CodedRows rows = new(codec, Encode(codec, share, cancellationToken));
        double bytes = rows.BytesARow + codec.SharedBytes / (double)_vectors.Total;
        (SearchTrial plain, SearchTrial rescored) = Ask(rows, share, cancellationToken);
        return new CodecTrial($"{spec}", bytes, bytes / (sizeof(float) * _vectors.Dimensions), plain, rescored, EncodeTime(codec), training);
    }

    private byte[] Encode(Codec codec, Action<double> share, CancellationToken cancellationToken)
    {
        byte[] codes = new byte[checked(_vectors.Count * codec.CodeBytes)];
        for (int first = 0; first < _vectors.Count; first += RowsAStep)
        {
            int count = Math.Min(RowsAStep, _vectors.Count - first);
            codec.Encode(_vectors.Rows.Slice(first * codec.Dimensions, count * codec.Dimensions), codes.AsMemory(first * codec.CodeBytes, count * codec.CodeBytes), cancellationToken);
            share(Training + Coding * (first + count) / _vectors.Count);
        }
        return codes;
    }

    /// <summary>Microseconds a row on one core.</summary>
    private double EncodeTime(Codec codec)
    {
        int rows = Math.Min(TimedRows, _vectors.Count);
        byte[] codes = new byte[rows * codec.CodeBytes];
        long began = _time.GetTimestamp();
        codec.Encode(_vectors.Rows.Span[..(rows * codec.Dimensions)], codes);
        return _time.GetElapsedTime(began).TotalMicroseconds / rows;
    }

    private (SearchTrial Plain, SearchTrial Rescored) Ask(CodedRows rows, Action<double> share, CancellationToken cancellationToken)
    {
        int queries = _vectors.QueryCount;
        double[] plain = new double[queries], rescored = new double[queries], scans = new double[queries], scores = new double[queries];
        for (int q = 0; q < queries; q++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            float[] query = _vectors.Query(q).ToArray();
            long began = _time.GetTimestamp();
            (int Row, float Score)[] candidates = rows.Search(query, Top * Oversampling);
            scans[q] = _time.GetElapsedTime(began).TotalMilliseconds;
            (int Row, float Score)[] found = Rescoring.Rescore(candidates, Top, row => Kernels.Dot(query, _vectors.Row(row)));
            scores[q] = _time.GetElapsedTime(began).TotalMilliseconds - scans[q];
            (plain[q], rescored[q]) = (Share(candidates.Take(Top), q), Share(found, q));
            share(Training + Coding + (1 - Training - Coding) * (q + 1) / queries);
        }
        // A scan takes as long as it has rows; scoring the candidates again does not.
        double scan = Median(scans) * _vectors.Total / _vectors.Count;
        return (new SearchTrial(RecallInterval.Of(plain, Top), scan), new SearchTrial(RecallInterval.Of(rescored, Top), scan + Median(scores)));
    }

    private double Share(IEnumerable<(int Row, float Score)> found, int query) => found.Select(f => f.Row).Intersect(_exact[query]).Count() / (double)Top;

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    private sealed class Told(Action<double> tell) : IProgress<double>
    {
        public void Report(double value) => tell(value);
    }
}

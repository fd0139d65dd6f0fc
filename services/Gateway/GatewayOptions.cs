using System.ComponentModel.DataAnnotations;

namespace Retrieval.Gateway;

/// <summary>Section <c>Gateway</c>.</summary>
public sealed class GatewayOptions
{
    /// <summary>Bytes of one document as it is sent; also of one line of a bulk load and of any other body. Default 32 MiB.</summary>
    [Range(1, 1L << 30)]
    public long MaxDocumentBytes { get; init; } = 32L << 20;

    /// <summary>Lines of one bulk load; the rest is refused line by line. Bounds the memory for the verdicts. Default 100,000.</summary>
    [Range(1, 10_000_000)]
    public int MaxBulkDocuments { get; init; } = 100_000;

    /// <summary>Jobs that are accepted and not finished; beyond it new documents get 429. Default 1,000,000.</summary>
    [Range(1, 100_000_000)]
    public long MaxOpenJobs { get; init; } = 1_000_000;

    /// <summary>Hits of one search. Default 1,000.</summary>
    [Range(1, 10_000)]
    public int MaxTop { get; init; } = 1_000;

    /// <summary>Characters of a query. Default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxQueryCharacters { get; init; } = 10_000;

    /// <summary>Vectors of one sample of a collection. Default 200,000.</summary>
    [Range(1, 10_000_000)]
    public int MaxSampleVectors { get; init; } = 200_000;

    /// <summary>Questions that are drawn or encoded in one request. Default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxSampleQuestions { get; init; } = 10_000;

    /// <summary>Seconds that <c>wait=true</c> waits before it answers 202 after all; a bulk load goes on waiting while documents go on being finished, and no longer than this without one. Default 60.</summary>
    [Range(1, 3600)]
    public int WaitSeconds { get; init; } = 60;

    /// <summary>Streams of server-sent events at once; beyond it 429. Default 100.</summary>
    [Range(1, 100_000)]
    public int MaxEventStreams { get; init; } = 100;

    /// <summary>How hybrid search joins its channels.</summary>
    public FusionOptions Fusion { get; init; } = new();
}

/// <summary>Section <c>Gateway:Fusion</c>: how the dense and the lexical channel of a hybrid search become one list. The defaults did best on all sets of tests/Quality/results.md.</summary>
public sealed class FusionOptions
{
    /// <summary>
    /// scores: each channel's scores between its best and its last candidate, weighted and summed. ranks: weighted reciprocal rank fusion, sum of weight / (k + rank),
    /// for encoders whose scores say little. Default scores.
    /// </summary>
    [AllowedValues("scores", "ranks", ErrorMessage = "must be scores or ranks")]
    public string Method { get; init; } = "scores";

    /// <summary>Only for ranks: smaller favours the first ranks of each channel. Default 2.</summary>
    [Range(0.0, 1000.0)]
    public double K { get; init; } = 2;

    /// <summary>Weight of the dense channel; the lexical one has 1. Default 2.</summary>
    [Range(0.0, 1000.0)]
    public double DenseWeight { get; init; } = 2;

    /// <summary>Candidates taken from each channel, at least. Default 50.</summary>
    [Range(1, 10_000)]
    public int Candidates { get; init; } = 50;
}

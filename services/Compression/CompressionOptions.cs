using System.ComponentModel.DataAnnotations;

namespace Retrieval.Compression;

/// <summary>Section <c>Compression</c>.</summary>
public sealed class CompressionOptions
{
    /// <summary>Passages in one request; more are refused. Default 100.</summary>
    [Range(1, 10_000)]
    public int MaxPassages { get; init; } = 100;

    /// <summary>Sentences that are ranked by the encoder, taken from the best passages first; the others are left out. Bounds the time of a request. Default 400.</summary>
    [Range(1, 100_000)]
    public int MaxSentences { get; init; } = 400;

    /// <summary>Largest budget in tokens. Default 32,768.</summary>
    [Range(1, 1_000_000)]
    public int MaxTokens { get; init; } = 32_768;

    /// <summary>Vectors, or codes, in one request of the codec routes. Default 100,000.</summary>
    [Range(1, 10_000_000)]
    public int MaxCodecVectors { get; init; } = 100_000;

    /// <summary>Bytes of those vectors as float32, sent or answered. Default 256 MiB.</summary>
    [Range(1, int.MaxValue)]
    public long MaxCodecBytes { get; init; } = 256L << 20;

    /// <summary>Numbers in one of those vectors; training takes memory by its square. Default 4,096.</summary>
    [Range(1, 8_192)]
    public int MaxCodecDimensions { get; init; } = 4_096;

    /// <summary>Trainings asked for over the codec routes that wait while another one runs; more get 429. A training takes every core. Default 4.</summary>
    [Range(0, 1000)]
    public int MaxWaitingTrainings { get; init; } = 4;
}

using System.ComponentModel.DataAnnotations;

namespace Retrieval.Compression;

/// <summary>Section <c>Compression</c>.</summary>
public sealed class CompressionOptions
{
    /// <summary>Passages in one request; more are refused. Default 100.</summary>
    [Range(1, 10_000)]
    public int MaxPassages { get; init; } = 100;

    /// <summary>Sentences that are ranked by the encoder: of more, those that share most words with the query. Bounds the time of a request. Default 400.</summary>
    [Range(1, 100_000)]
    public int MaxSentences { get; init; } = 400;

    /// <summary>Largest budget in tokens. Default 32,768.</summary>
    [Range(1, 1_000_000)]
    public int MaxTokens { get; init; } = 32_768;

    /// <summary>A passage is dropped when its best sentence scores less than the best of all by more than this; scores are about a cosine. Default 0.15; 10 keeps every passage.</summary>
    [Range(0, 10)]
    public double RelevanceDistance { get; init; } = 0.15;

    /// <summary>Milliseconds that one token of context costs whoever reads it, its price included: what shortening may cost here. 0: not known, so passages that fit are left alone and words are pruned only where a request asks for it. Default 0.</summary>
    [Range(0, 10_000)]
    public double TokenValueMs { get; init; }

    /// <summary>Share of a sentence's words that pruning may take. Default 0.2.</summary>
    [Range(0, 0.9)]
    public double MaxPruned { get; init; } = 0.2;

    /// <summary>Tokenizers that budgets may be counted with, beside those of served models; default none.</summary>
    public IReadOnlyList<TokenizerOptions> Tokenizers { get; init; } = [];

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

/// <summary>One entry of <c>Compression:Tokenizers</c>.</summary>
public sealed class TokenizerOptions
{
    /// <summary>Name in requests.</summary>
    [Required, MinLength(1)]
    public string Name { get; init; } = "";

    /// <summary>A tokenizer.json, of a language model for instance.</summary>
    [Required, MinLength(1)]
    public string Path { get; init; } = "";
}

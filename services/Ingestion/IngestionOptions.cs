using System.ComponentModel.DataAnnotations;

namespace Retrieval.Ingestion;

/// <summary>Section <c>Ingestion</c>.</summary>
public sealed class IngestionOptions
{
    /// <summary>Jobs of single documents worked on at once. Default 8.</summary>
    [Range(1, 1024)]
    public int InteractivePrefetch { get; init; } = 8;

    /// <summary>Jobs of bulk loads worked on at once; more gives the encoder fuller batches and takes more memory. Default 32.</summary>
    [Range(1, 1024)]
    public int BulkPrefetch { get; init; } = 32;

    /// <summary>Attempts before a document is given up; while another role is away it is tried on. Default 5.</summary>
    [Range(1, 100)]
    public int MaxAttempts { get; init; } = 5;

    /// <summary>Seconds before the second attempt; doubled for each one after it, up to five minutes. Default 2.</summary>
    [Range(0.1, 300)]
    public double RetrySeconds { get; init; } = 2;

    /// <summary>Seconds that a worker may hold a job before another may take it. Default 600.</summary>
    [Range(1, 86_400)]
    public int LeaseSeconds { get; init; } = 600;

    /// <summary>How files are read.</summary>
    public Readers.ReaderOptions Readers { get; init; } = new();

    /// <summary>Folders of this machine that are kept in collections. Default none.</summary>
    public IReadOnlyList<Sources.SourceOptions> Sources { get; init; } = [];

    /// <summary>Changes that the index may be behind before bulk loads wait for it. Default 20,000.</summary>
    [Range(1, 100_000_000)]
    public int MaxIndexLag { get; init; } = 20_000;

    /// <summary>
    /// Hours that finished jobs and marks of removed documents are kept: so long a status URL answers, and so late a message may come and still be known as superseded. Each document's latest job,
    /// and dead letters, stay. Default 168, a week.
    /// </summary>
    [Range(1, 1_000_000)]
    public int KeepJobsHours { get; init; } = 168;

    internal TimeSpan Lease => TimeSpan.FromSeconds(LeaseSeconds);

    internal TimeSpan RetryDelay(int attempts) => TimeSpan.FromSeconds(Math.Min(300, RetrySeconds * Math.Pow(2, attempts - 1)));
}

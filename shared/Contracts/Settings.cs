using System.ComponentModel.DataAnnotations;

namespace Retrieval.Contracts;

/// <summary>A part of the platform that can run in its own process.</summary>
public enum Role
{
    /// <summary>Public HTTP API, query pipeline, web page.</summary>
    Gateway,
    /// <summary>Queue to searchable.</summary>
    Ingestion,
    /// <summary>Texts to vectors.</summary>
    Encoder,
    /// <summary>Contexts to a token budget.</summary>
    Compression,
}

/// <summary>Section <c>Peers:{Role}</c>: where a role is that does not run in this process.</summary>
public sealed class PeerOptions
{
    /// <summary>http; default http.</summary>
    [AllowedValues("http", ErrorMessage = "must be http: other transports are not in this version")]
    public string Transport { get; init; } = "http";

    /// <summary>Base addresses of the role; the first is used.</summary>
    public IReadOnlyList<string> Urls { get; init; } = [];
}

/// <summary>Section <c>Storage</c>.</summary>
public sealed class StorageOptions
{
    /// <summary>Data folder; default: <c>retrieval</c> in the user's local application data. Holds catalog, vectors and the lock.</summary>
    [Required, MinLength(1)]
    public string Folder { get; init; } = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "retrieval");

    /// <summary>How the index keeps its files.</summary>
    public IndexOptions Index { get; init; } = new();
}

/// <summary>Section <c>Storage:Index</c>: the embedded index, whose files under <c>index</c> in the data folder are a cache of the catalog's rows and may be deleted while nothing runs.</summary>
public sealed class IndexOptions
{
    /// <summary>Chunks of a collection that are kept in memory before they are written to a file. Default 8,192.</summary>
    [Range(1, 10_000_000)]
    public int SealRows { get; init; } = 8192;

    /// <summary>Chunks of a file from which on it has a graph over its codes, and searches walk through it instead of looking at each; only with a codec, of more than half bytes, and where the collection leaves the choice. Default 20,000.</summary>
    [Range(1, 1_000_000_000)]
    public int GraphRows { get; init; } = 20_000;

    /// <summary>Chunks of a file from which on it has inverted lists; only with a codec of half bytes (pca4, pq4, opq4), and where the collection leaves the choice. Default 200,000.</summary>
    [Range(1, 1_000_000_000)]
    public int ListRows { get; init; } = 200_000;

    /// <summary>Chunks of a collection from which on its codec is trained and used. Default 2,000.</summary>
    [Range(1, 1_000_000_000)]
    public int CodecRows { get; init; } = 2000;

    /// <summary>Candidates by code for each hit that is wanted; their exact scores decide. Default 4.</summary>
    [Range(1, 1000)]
    public int Oversampling { get; init; } = 4;

    /// <summary>Candidates kept on the way through a graph, at least: more find more and take longer. Default 128.</summary>
    [Range(1, 100_000)]
    public int Breadth { get; init; } = 128;
}

/// <summary>Section <c>Queue</c>: how jobs travel from the gateway to ingestion. The job rows in the catalog are the truth, so nothing is lost with a message.</summary>
public sealed class QueueOptions
{
    /// <summary>memory: inside the process. rabbitmq: over the broker of <see cref="Url"/>, where changes are accepted from other programs too. Default memory.</summary>
    [AllowedValues("memory", "rabbitmq", ErrorMessage = "must be memory or rabbitmq")]
    public string Transport { get; init; } = "memory";

    /// <summary>Of the broker: amqp://user:password@host:5672/vhost, or amqps. Each installation takes a virtual host of its own. Only for rabbitmq; no default.</summary>
    public string? Url { get; init; }

    /// <summary>True when there is a broker.</summary>
    public bool HasBroker => Transport == "rabbitmq";

    /// <summary>Broker and virtual host without user and password, for logs and errors.</summary>
    public string Shown => Uri.TryCreate(Url, UriKind.Absolute, out Uri? url) ? $"{url.Scheme}://{url.Authority}{url.AbsolutePath}" : "";
}

/// <summary>Section <c>Dapr</c>: the sidecar of this process.</summary>
public sealed class DaprOptions
{
    /// <summary>HTTP address of the sidecar, such as http://127.0.0.1:3500. Set, the start reads settings from its stores. No default.</summary>
    public string? Address { get; init; }

    /// <summary>Token for the sidecar's API (header dapr-api-token). No default.</summary>
    public string? ApiToken { get; init; }

    /// <summary>Secret store whose secrets named like settings (<c>RETRIEVAL__Queue__Url</c> or <c>retrieval--queue--url</c>) are settings. No default.</summary>
    public string? SecretStore { get; init; }

    /// <summary>Configuration store whose items named like settings are settings; secrets win over them. No default.</summary>
    public string? ConfigurationStore { get; init; }

    /// <summary>Seconds that the start waits for the sidecar. Default 30.</summary>
    [Range(0.1, 600)]
    public double WaitSeconds { get; init; } = 30;

    /// <summary>Pub/sub component that document changes come from. Set, /dapr/subscribe asks for the two topics. No default.</summary>
    public string? PubSub { get; init; }

    /// <summary>Topic of single changes. Default retrieval-documents.</summary>
    [Required, MinLength(1)]
    public string Topic { get; init; } = "retrieval-documents";

    /// <summary>Topic of bulk loads. Default retrieval-documents-bulk.</summary>
    [Required, MinLength(1)]
    public string BulkTopic { get; init; } = "retrieval-documents-bulk";

    /// <summary>Topic where the sidecar puts changes that were refused. No default: they are only logged.</summary>
    public string? DeadLetterTopic { get; init; }

    /// <summary>What the sidecar sends as dapr-api-token with each message (its APP_API_TOKEN); others are refused. No default: everybody may.</summary>
    public string? AppToken { get; init; }
}

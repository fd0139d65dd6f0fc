using System.Text.Json.Serialization;

namespace Retrieval.Contracts;

/// <summary>One line of the answer to /dapr/subscribe, in Dapr's own names.</summary>
public sealed record DaprSubscription(
    [property: JsonPropertyName("pubsubname")] string PubSub,
    [property: JsonPropertyName("topic")] string Topic,
    [property: JsonPropertyName("route")] string Route,
    [property: JsonPropertyName("deadLetterTopic")] string? DeadLetterTopic);

/// <summary>Answer to a message from Dapr: SUCCESS, RETRY or DROP.</summary>
public sealed record DaprVerdict(string Status);

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Contracts;

/// <summary>
/// A document's change as other programs send it over RabbitMQ or Dapr: <c>docs/document-change.v1.schema.json</c>. A message may come twice and late, so it says its own place in the order of
/// the document's changes: <see cref="DocumentInput.Version"/> or <see cref="Timestamp"/>.
/// </summary>
public sealed record ChangeMessage
{
    /// <summary>The schema that this program reads.</summary>
    public const int CurrentSchema = 1;

    private static readonly string[] MediaTypes = ["text/plain", "text/markdown"];

    /// <summary>Version of the message's form: 1.</summary>
    public required int Schema { get; init; }
    /// <summary>upsert or delete.</summary>
    public required ChangeAction Action { get; init; }
    /// <summary>Collection, which must be there.</summary>
    public required string Collection { get; init; }
    /// <summary>The document; a removal needs its id.</summary>
    public required DocumentInput Document { get; init; }
    /// <summary>text/plain or text/markdown; default text/plain.</summary>
    public string? MediaType { get; init; }
    /// <summary>When the document changed, where it has no version: the version is then microseconds since 1970.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>The document with its version.</summary>
    [JsonIgnore]
    public DocumentInput Versioned => Document.Version is not null ? Document : Document with { Version = (Timestamp!.Value - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond };

    /// <summary>Reads and checks a message: the JSON itself, or in a MassTransit envelope.</summary>
    /// <exception cref="RetrievalException">Invalid.</exception>
    public static ChangeMessage Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument body = JsonDocument.Parse(json.Span.StartsWith("\uFEFF"u8) ? json[3..] : json);
            return Read(Unwrapped(body.RootElement));
        }
        catch (JsonException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The message is not JSON of the expected form: {e.Message}", OneOrMany.PathOf(e) ?? "body", help: "docs/document-change.v1.schema.json says what is read.", inner: e);
        }
    }

    /// <summary>Reads and checks a message that is part of another one.</summary>
    /// <exception cref="RetrievalException">Invalid.</exception>
    public static ChangeMessage Read(JsonElement json)
    {
        try
        {
            ChangeMessage message = json.Deserialize(WireJson.Strict.ChangeMessage) ?? throw new JsonException("The message is null.");
            message.Check();
            return message;
        }
        catch (JsonException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The message is not of the expected form: {e.Message}", OneOrMany.PathOf(e) ?? "body", help: "docs/document-change.v1.schema.json says what is read.", inner: e);
        }
    }

    private static JsonElement Unwrapped(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty("messageType", out _) && body.TryGetProperty("message", out JsonElement message) ? message : body;

    private void Check()
    {
        if (Schema != CurrentSchema)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Schema {Schema} of a document change is not read.", "schema", $"{Schema}", $"{CurrentSchema}", "Send the form that docs/document-change.v1.schema.json describes, or use a newer program.");
        }
        if (MediaType is not null && !MediaTypes.Contains(MediaType))
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Media type '{MediaType}' is not read in a document change.", "mediaType", MediaType, string.Join(", ", MediaTypes), "Send text, or PUT the document over HTTP.");
        }
        if (Document.Version is null && Timestamp is null)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The change of document '{Document.Id}' has neither document.version nor timestamp.", "document.version", null, "1 or more, or a timestamp",
                "A message may come twice and late: say with one of the two which change is the newer one.");
        }
        DocumentRules.RequireId(Document.Id);
        DocumentRules.RequireVersion(Versioned.Version);
        if (Action == ChangeAction.Upsert)
        {
            DocumentRules.RequireText(Document);
        }
    }
}

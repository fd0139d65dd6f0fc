using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>
/// Where Qdrant's <c>inference.address</c> points: texts that it finds in upserts and queries come here, and become vectors of documents and of queries.
/// One request may name several models; each is asked once for all texts of the same options.
/// </summary>
internal static class QdrantRoutes
{
    public static IEnumerable<DialectRoute> All =>
    [
        new("POST", "/qdrant/inference", QdrantErrors.Dialect, InferAsync)
        {
            Summary = "Vectors for a Qdrant server, as its inference service", Body = typeof(QdrantRequest), Answers = typeof(QdrantResponse),
            Description = """{"inputs": [{"data", "data_type", "model", "options"}], "inference": "update" or "search"}. Options: dimensions, truncate, input_type, prompt_name, prompt, instruction, multivector, pool, top.""",
        },
    ];

    private static async Task<IResult> InferAsync(HttpRequest http, LocalEncoder encoder, EncoderOptions options, CancellationToken cancellationToken)
    {
        QdrantRequest body = await DialectBody.ReadAsync(http, options, QdrantJson.Default.QdrantRequest, cancellationToken);
        IReadOnlyList<QdrantInput> inputs = body.Inputs is { } given && given.All(i => i is not null) ? given : throw new RetrievalException(ErrorKind.Invalid, "The body has no inputs.", DialectBody.Field);
        InputKind side = body.Inference switch
        {
            "update" => InputKind.Document,
            "search" => InputKind.Query,
            _ => throw new RetrievalException(ErrorKind.Invalid, $"'{body.Inference}' is no inference.", "inference", body.Inference, "update, search"),
        };
        string[] texts = [.. inputs.Select(Text)];
        QdrantVector[] vectors = new QdrantVector[texts.Length];
        Dictionary<string, QdrantTokens> usage = new(StringComparer.Ordinal);
        foreach (IGrouping<(string Model, string Options), int> group in Enumerable.Range(0, texts.Length).GroupBy(i => (inputs[i].Model ?? "", inputs[i].Options.ValueKind == JsonValueKind.Undefined ? "" : inputs[i].Options.GetRawText())))
        {
            int[] members = [.. group];
            (QdrantVector[] own, int tokens) = await QdrantGroup.EncodeAsync(encoder, group.Key.Model, Options(inputs[members[0]].Options), side, [.. members.Select(i => texts[i])], cancellationToken);
            for (int i = 0; i < members.Length; i++)
            {
                vectors[members[i]] = own[i];
            }
            usage[group.Key.Model] = new QdrantTokens((usage.GetValueOrDefault(group.Key.Model)?.Tokens ?? 0) + tokens);
        }
        return Results.Json(new QdrantResponse(vectors, new QdrantUsage(usage)), QdrantJson.Default.QdrantResponse);
    }

    private static string Text(QdrantInput input)
    {
        try
        {
            return input.DataType is "text" or null && input.Data.ValueKind == JsonValueKind.String ? input.Data.GetString()!
                : throw new RetrievalException(ErrorKind.Invalid, $"Data of type '{input.DataType}' is not encoded here.", "data_type", input.DataType, "text", "Send texts; the served models read nothing else.");
        }
        catch (InvalidOperationException e) // half of a surrogate pair
        {
            throw new RetrievalException(ErrorKind.Invalid, "A text is not valid Unicode.", "data", inner: e);
        }
    }

    private static QdrantOptions Options(JsonElement options)
    {
        try
        {
            return options.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? new QdrantOptions() : options.Deserialize(QdrantJson.Default.QdrantOptions) ?? new QdrantOptions();
        }
        catch (JsonException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"An option has another type{(e.Path is { Length: > 2 } path ? $" at {path.TrimStart('$', '.')}" : "")}: {e.Message.Split(" Path: ")[0]}", "options", inner: e);
        }
    }
}

using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>Cohere's embed and rerank, and rerank as Jina and the first version of Cohere's API have it.</summary>
internal static class CohereRoutes
{
    private static readonly string[] Sides = ["search_document", "search_query", "classification", "clustering"];

    public static IEnumerable<DialectRoute> All =>
    [
        new("POST", "/v2/embed", CohereErrors.Dialect, EmbedAsync)
        {
            Summary = "Vectors of texts, as Cohere's API", Body = typeof(CohereEmbed), Answers = typeof(CohereEmbeddings),
            Description = """{"model", "input_type", "texts", "embedding_types": float, int8, uint8, binary, ubinary, base64, "output_dimension", "truncate"}. int8 has 127 for 8 / sqrt(dimensions); uint8 is 128 more; binary is ubinary less 128.""",
        },
        new("POST", "/v2/rerank", CohereErrors.Dialect, RerankAsync)
        {
            Summary = "Documents by their relevance, as Cohere's API", Body = typeof(CohereRerank), Answers = typeof(CohereRanking),
            Description = """{"model", "query", "documents", "top_n"}: by a cross-encoder where one is served or named, else by late interaction of token vectors. Documents over the limit are cut.""",
        },
        new("POST", "/v1/rerank", CohereErrors.Dialect, RerankFirstAsync)
        {
            Summary = "Documents by their relevance, as Jina's API and the first of Cohere's", Body = typeof(CohereRerank), Answers = typeof(CohereRanking),
            Description = """As /v2/rerank; documents may be objects with a text and come back with "return_documents".""",
        },
    ];

    private static async Task<IResult> EmbedAsync(HttpContext context, LocalEncoder encoder, EncoderOptions options, CancellationToken cancellationToken)
    {
        CohereEmbed body = await DialectBody.ReadAsync(context.Request, options, CohereJson.Default.CohereEmbed, cancellationToken);
        string[] texts = Texts(body);
        if (!Sides.Contains(body.InputType))
        {
            throw new RetrievalException(ErrorKind.Invalid, body.InputType is null ? "input_type is missing." : $"'{body.InputType}' is no input_type.", "input_type", body.InputType, string.Join(", ", Sides));
        }
        EncoderDescription model = await encoder.DescribeAsync(body.Model, cancellationToken);
        (bool truncate, bool start) = Cut(body.Truncate);
        EmbedRequest request = new(texts, Model: model.Model, Truncate: truncate) { CutStart = start, Dimensions = body.OutputDimension };
        EmbedResult result = await encoder.EmbedAsync(InputTypes.Apply(request, model, body.InputType, "input_type"), cancellationToken);
        CohereByType vectors = VectorTypes.Of(result.Vectors, body.EmbeddingTypes);
        return Results.Json(new CohereEmbeddings(context.TraceIdentifier, vectors, texts, Meta("2", new CohereUnits(InputTokens: result.Tokens.Sum())), "embeddings_by_type"), CohereJson.Default.CohereEmbeddings);
    }

    private static string[] Texts(CohereEmbed body)
    {
        if (body.Images is { Count: > 0 } || body.Inputs?.Any(i => i.Content?.Any(c => c.Type != "text" || c.Text is null) != false) == true)
        {
            throw new RetrievalException(ErrorKind.Invalid, "Only texts are encoded.", "inputs", limit: "content of type text");
        }
        string[] texts = [.. body.Texts ?? [], .. (body.Inputs ?? []).Select(i => string.Join('\n', i.Content!.Select(c => c.Text)))];
        return texts.Length > 0 && texts.All(t => !string.IsNullOrEmpty(t)) ? texts : throw new RetrievalException(ErrorKind.Invalid, texts.Length == 0 ? "There are no texts." : "A text is empty.", "texts", help: "Send at least one text, and none that is empty.");
    }

    private static (bool Truncate, bool Start) Cut(string? truncate) => truncate switch
    {
        null or "END" => (true, false),
        "START" => (true, true),
        "NONE" => (false, false),
        _ => throw new RetrievalException(ErrorKind.Invalid, $"'{truncate}' is no way to truncate.", "truncate", truncate, "NONE, START, END"),
    };

    private static async Task<IResult> RerankAsync(HttpContext context, IEncoder encoder, EncoderOptions options, CancellationToken cancellationToken)
    {
        CohereRerank body = await DialectBody.ReadAsync(context.Request, options, CohereJson.Default.CohereRerank, cancellationToken);
        (_, ScoreResult result) = await ScoreAsync(body, encoder, cancellationToken);
        return Results.Json(new CohereRanking(context.TraceIdentifier, null, null, Ranks(body, result, null), Meta("2", new CohereUnits(SearchUnits: 1))), CohereJson.Default.CohereRanking);
    }

    private static async Task<IResult> RerankFirstAsync(HttpContext context, IEncoder encoder, EncoderOptions options, CancellationToken cancellationToken)
    {
        CohereRerank body = await DialectBody.ReadAsync(context.Request, options, CohereJson.Default.CohereRerank, cancellationToken);
        (string[] documents, ScoreResult result) = await ScoreAsync(body, encoder, cancellationToken);
        int tokens = result.Tokens.Sum();
        return Results.Json(new CohereRanking(context.TraceIdentifier, body.Model, new JinaUsage(tokens, tokens), Ranks(body, result, body.ReturnDocuments == true ? documents : null), Meta("1", new CohereUnits(SearchUnits: 1))), CohereJson.Default.CohereRanking);
    }

    private static async Task<(string[] Documents, ScoreResult Result)> ScoreAsync(CohereRerank body, IEncoder encoder, CancellationToken cancellationToken)
    {
        string query = body.Query is { Length: > 0 } given ? given : throw new RetrievalException(ErrorKind.Invalid, "There is no query.", "query");
        string[] documents = [.. (body.Documents ?? []).Select(Text)];
        return body.TopN < 1 ? throw new RetrievalException(ErrorKind.Invalid, $"top_n cannot be {body.TopN}.", "top_n", $"{body.TopN}", "1 or more", "Leave it out for all.")
            : documents.Length == 0 ? throw new RetrievalException(ErrorKind.Invalid, "There are no documents.", "documents")
            : (documents, await encoder.ScoreAsync(new ScoreRequest(query, documents, body.Model) { Pool = body.Pool }, cancellationToken));
    }

    private static string Text(JsonElement document)
    {
        JsonElement text = document.ValueKind == JsonValueKind.Object && document.TryGetProperty("text", out JsonElement own) ? own : document;
        try
        {
            return text.ValueKind == JsonValueKind.String ? text.GetString()! : throw new RetrievalException(ErrorKind.Invalid, "A document is neither a text nor an object with a text.", "documents");
        }
        catch (InvalidOperationException e) // half of a surrogate pair
        {
            throw new RetrievalException(ErrorKind.Invalid, "A document is not valid Unicode.", "documents", inner: e);
        }
    }

    private static CohereRank[] Ranks(CohereRerank body, ScoreResult result, string[]? documents) =>
        [.. Ranking.Of(result.Scores).Take(body.TopN ?? int.MaxValue).Select(r => new CohereRank(r.Index, r.Score, documents is null ? null : new CohereDocument(documents[r.Index])))];

    private static CohereMeta Meta(string version, CohereUnits units) => new(new CohereVersion(version), units);
}

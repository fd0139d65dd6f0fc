using System.Numerics.Tensors;
using Microsoft.AspNetCore.Http;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>Hugging Face's text-embeddings-inference. It serves one model; here a request may name one with "model", and takes the first that fits otherwise.</summary>
internal static class TeiRoutes
{
    private const string Common = """ A text over the model's limit is an error unless "truncate" is true. Beyond the original: "model".""";

    public static IEnumerable<DialectRoute> All =>
    [
        new("POST", "/embed", TeiErrors.Dialect, EmbedAsync)
        {
            Summary = "Vectors of texts, as text-embeddings-inference", Body = typeof(TeiEmbed), Answers = typeof(float[][]),
            Description = """{"inputs": text, texts, token ids or lists of such, "truncate", "truncation_direction", "prompt_name", "normalize", "dimensions"}.""" + Common,
        },
        new("POST", "/", TeiErrors.Dialect, EmbedAsync),
        new("POST", "/embed_all", TeiErrors.Dialect, EmbedAllAsync) { Summary = "States of all tokens, as text-embeddings-inference", Body = typeof(TeiTexts), Answers = typeof(float[][][]), Description = "As the model gives them, special tokens included." + Common },
        new("POST", "/embed_sparse", TeiErrors.Dialect, EmbedSparseAsync)
        {
            Summary = "Weights of the vocabulary, as text-embeddings-inference", Body = typeof(TeiSparse), Answers = typeof(TeiWeight[][]),
            Description = """By a served model with a masked-language-model head: the largest log(1 + relu) over the tokens; "top" keeps the heaviest. /decode tells which words the indices are.""" + Common,
        },
        new("POST", "/predict", TeiErrors.Dialect, PredictAsync)
        {
            Summary = "Labels of texts or pairs, as text-embeddings-inference", Body = typeof(TeiPredict), Answers = typeof(TeiPrediction[]),
            Description = """{"inputs": text, [text, text] or a list of lists of one or two, "raw_scores"}. A list of lists gets a list of lists.""" + Common,
        },
        new("POST", "/rerank", TeiErrors.Dialect, RerankAsync)
        {
            Summary = "Texts by their relevance, as text-embeddings-inference", Body = typeof(TeiRerank), Answers = typeof(TeiRank[]),
            Description = """{"query", "texts", "raw_scores", "return_text"}: by a cross-encoder where one is served, else by late interaction of token vectors, of which "pool" neighbours become one.""" + Common,
        },
        new("POST", "/similarity", TeiErrors.Dialect, SimilarityAsync) { Summary = "Cosines of sentences, as text-embeddings-inference", Body = typeof(TeiSimilarity), Answers = typeof(float[]), Description = """{"inputs": {"source_sentence", "sentences"}, "parameters"}.""" + Common },
        new("POST", "/tokenize", TeiErrors.Dialect, TokenizeAsync) { Summary = "Tokens of texts, as text-embeddings-inference", Body = typeof(TeiTokenize), Answers = typeof(TeiToken[][]), Description = """{"inputs": text or texts, "add_special_tokens"}. Beyond the original: "model".""" },
        new("POST", "/decode", TeiErrors.Dialect, DecodeAsync) { Summary = "Texts of token ids, as text-embeddings-inference", Body = typeof(TeiDecode), Answers = typeof(string[]), Description = """{"ids": ids or lists of such, "skip_special_tokens"}. Beyond the original: "model".""" },
        new("GET", "/info", TeiErrors.Dialect, InfoAsync) { Summary = "The first model, as text-embeddings-inference", Answers = typeof(TeiInfo), Description = "?model= asks for another." },
        new("GET", "/health", TeiErrors.Dialect, () => Results.Ok()) { Summary = "The models answer, as text-embeddings-inference" },
    ];

    private static async Task<IResult> EmbedAsync(HttpRequest http, LocalEncoder encoder, EncoderOptions options, CancellationToken cancellationToken)
    {
        TeiEmbed body = await DialectBody.ReadAsync(http, options, TeiJson.Default.TeiEmbed, cancellationToken);
        EmbedRequest request = TeiInput.Request(body, TeiInput.Required(body.Inputs, options), await encoder.DescribeAsync(body.Model, cancellationToken)) with { Normalize = body.Normalize ?? true, Dimensions = body.Dimensions };
        return Results.Json([.. (await encoder.EmbedAsync(request, cancellationToken)).Vectors], TeiJson.Default.SingleArrayArray);
    }

    private static async Task<IResult> EmbedAllAsync(HttpRequest http, LocalEncoder encoder, EncoderOptions options, CancellationToken cancellationToken)
    {
        TeiTexts body = await DialectBody.ReadAsync(http, options, TeiJson.Default.TeiTexts, cancellationToken);
        EmbedRequest request = TeiInput.Request(body, TeiInput.Required(body.Inputs, options), await encoder.DescribeAsync(body.Model, cancellationToken)) with { States = true };
        EmbedTokensResult result = await encoder.EmbedTokensAsync(request, cancellationToken);
        return Results.Json([.. result.Texts.Select(t => t.Values.Chunk(t.Dimensions).ToArray())], TeiJson.Default.SingleArrayArrayArray);
    }

    private static async Task<IResult> EmbedSparseAsync(HttpRequest http, LocalEncoder encoder, EncoderOptions options, CancellationToken cancellationToken)
    {
        TeiSparse body = await DialectBody.ReadAsync(http, options, TeiJson.Default.TeiSparse, cancellationToken);
        Inputs inputs = TeiInput.Required(body.Inputs, options);
        EmbedRequest request = inputs.Request(body.Model) with { Truncate = body.Truncate ?? false, CutStart = TeiInput.CutStart(body.TruncationDirection), PromptName = body.PromptName, Top = body.Top };
        EmbedSparseResult result = await encoder.EmbedSparseAsync(request, cancellationToken);
        return Results.Json([.. result.Vectors.Select(v => v.Indices.Zip(v.Values, (index, value) => new TeiWeight(index, value)).ToArray())], TeiJson.Default.TeiWeightArrayArray);
    }

    private static async Task<IResult> PredictAsync(HttpRequest http, IEncoder encoder, EncoderOptions options, CancellationToken cancellationToken)
    {
        TeiPredict body = await DialectBody.ReadAsync(http, options, TeiJson.Default.TeiPredict, cancellationToken);
        TeiSequences inputs = body.Inputs ?? throw TeiInput.Missing("inputs");
        TeiInput.RequireCount(inputs.Items.Count, options);
        ClassifyRequest request = new(inputs.Items, body.Model, body.RawScores ?? false, body.Truncate ?? false) { CutStart = TeiInput.CutStart(body.TruncationDirection) };
        ClassifyResult result = await encoder.ClassifyAsync(request, cancellationToken);
        TeiPrediction[][] predictions = [.. result.Scores.Select(s => s.Zip(result.Labels, (score, label) => new TeiPrediction(score, label)).OrderByDescending(p => p.Score).ToArray())];
        return inputs.IsOne ? Results.Json(predictions[0], TeiJson.Default.TeiPredictionArray) : Results.Json(predictions, TeiJson.Default.TeiPredictionArrayArray);
    }

    private static async Task<IResult> RerankAsync(HttpRequest http, IEncoder encoder, EncoderOptions options, CancellationToken cancellationToken)
    {
        TeiRerank body = await DialectBody.ReadAsync(http, options, TeiJson.Default.TeiRerank, cancellationToken);
        IReadOnlyList<string> texts = body.Texts ?? throw TeiInput.Missing("texts");
        TeiInput.RequireCount(texts.Count, options);
        if (texts.Any(t => t is null))
        {
            throw new RetrievalException(ErrorKind.Invalid, "A text is null.", DialectBody.Field);
        }
        ScoreRequest request = new(body.Query ?? throw TeiInput.Missing("query"), texts, body.Model)
        {
            Raw = body.RawScores ?? false, Truncate = body.Truncate ?? false, CutStart = TeiInput.CutStart(body.TruncationDirection), Pool = body.Pool,
        };
        ScoreResult result = await encoder.ScoreAsync(request, cancellationToken);
        return Results.Json([.. Ranking.Of(result.Scores).Select(r => new TeiRank(r.Index, body.ReturnText == true ? texts[r.Index] : null, r.Score))], TeiJson.Default.TeiRankArray);
    }

    private static async Task<IResult> SimilarityAsync(HttpRequest http, LocalEncoder encoder, EncoderOptions options, CancellationToken cancellationToken)
    {
        TeiSimilarity body = await DialectBody.ReadAsync(http, options, TeiJson.Default.TeiSimilarity, cancellationToken);
        string source = body.Inputs?.SourceSentence ?? throw TeiInput.Missing("inputs.source_sentence");
        IReadOnlyList<string> sentences = body.Inputs.Sentences ?? throw TeiInput.Missing("inputs.sentences");
        TeiInput.RequireCount(sentences.Count, options);
        TeiTexts parameters = body.Parameters ?? new TeiTexts();
        Inputs all = TeiInput.Required(new Inputs([source, .. sentences], null, false), options);
        EmbedResult result = await encoder.EmbedAsync(TeiInput.Request(parameters, all, await encoder.DescribeAsync(body.Model ?? parameters.Model, cancellationToken)), cancellationToken);
        return Results.Json([.. result.Vectors.Skip(1).Select(v => TensorPrimitives.CosineSimilarity(v, result.Vectors[0]))], TeiJson.Default.SingleArray);
    }

    private static async Task<IResult> TokenizeAsync(HttpRequest http, LocalEncoder encoder, EncoderOptions options, CancellationToken cancellationToken)
    {
        TeiTokenize body = await DialectBody.ReadAsync(http, options, TeiJson.Default.TeiTokenize, cancellationToken);
        Inputs inputs = TeiInput.Required(body.Inputs, options);
        return Results.Json(await encoder.AskAsync(body.Model, model => TeiTokens.Of(model, inputs, body), cancellationToken), TeiJson.Default.TeiTokenArrayArray);
    }

    private static async Task<IResult> DecodeAsync(HttpRequest http, LocalEncoder encoder, EncoderOptions options, CancellationToken cancellationToken)
    {
        TeiDecode body = await DialectBody.ReadAsync(http, options, TeiJson.Default.TeiDecode, cancellationToken);
        Inputs ids = TeiInput.Required(body.Ids, options);
        return Results.Json(await encoder.AskAsync(body.Model, model => TeiTokens.Decode(model.Documents.Model.Tokenizer, ids, body.SkipSpecialTokens ?? true), cancellationToken), TeiJson.Default.StringArray);
    }

    private static async Task<IResult> InfoAsync(string? model, IEncoder encoder, EncoderOptions options, CancellationToken cancellationToken) =>
        Results.Json(TeiInformation.Of(model is null ? (await encoder.ListAsync(cancellationToken))[0] : await encoder.DescribeAsync(model, cancellationToken), options), TeiJson.Default.TeiInfo);
}

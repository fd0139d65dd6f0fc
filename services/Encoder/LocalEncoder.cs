using System.Diagnostics;
using System.Numerics.Tensors;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>The models of this process: checks, tokenizes, queues, and gives the vectors back in the order of the request.</summary>
public sealed class LocalEncoder : IEncoder, ITokenizerFiles, IDisposable
{
    private readonly EncoderOptions _options;
    private readonly List<ServedModel> _models = [];

    private LocalEncoder(EncoderOptions options) => _options = options;

    /// <summary>Names of the served models; the first is the default.</summary>
    public IReadOnlyList<string> Models => [.. _models.Select(m => m.Description.Model)];

    /// <summary>Loads every model of the options.</summary>
    /// <exception cref="RetrievalException">Invalid, for the first that cannot be served.</exception>
    public static LocalEncoder Load(EncoderOptions options, ILogger logger)
    {
        LocalEncoder encoder = new(options);
        try
        {
            foreach (ModelOptions model in options.Models.Count > 0 ? options.Models : [Bundled])
            {
                encoder.Add(model, logger);
            }
            return encoder;
        }
        catch
        {
            encoder.Dispose();
            throw;
        }
    }

    /// <summary>The model that comes with the program.</summary>
    private static ModelOptions Bundled => new() { Path = Path.Combine(AppContext.BaseDirectory, "models", "all-MiniLM-L6-v2") };

    /// <inheritdoc/>
    public Task<EncoderDescription> DescribeAsync(string? model, CancellationToken cancellationToken) => Task.FromResult(Find(model).Description);

    /// <inheritdoc/>
    public async Task<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        ServedModel served = Find(request.Model);
        SpanTokens.Check(served.Description, request);
        TextWork[] texts = await RunAsync(request.Kind == InputKind.Query ? served.Queries : served.Documents, request, false, cancellationToken).ConfigureAwait(false);
        return new EmbedResult(served.Description.Space.Id, [.. texts.SelectMany(t => t.Parts is { Count: var parts } ? t.Done.Task.Result.Chunk(t.Done.Task.Result.Length / Math.Max(1, parts)) : [t.Done.Task.Result])], [.. texts.Select(t => t.Length)]);
    }

    /// <inheritdoc/>
    public async Task<EmbedTokensResult> EmbedTokensAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        // Token by token only the states of one model can be compared: a student of a pair meets its teacher in whole texts alone.
        ServedModel served = Find(request.Model);
        TextWork[] texts = await RunAsync(served.Documents, request, true, cancellationToken).ConfigureAwait(false);
        EncoderModel model = served.Documents.Model;
        return new EmbedTokensResult(served.Description.Space.Id, [.. texts.Select(t => Vectors(model, t, model.Prompted("", request.Kind).Length))]);
    }

    /// <inheritdoc/>
    public async Task<MatchResult> MatchAsync(MatchRequest request, CancellationToken cancellationToken)
    {
        Task<EmbedTokensResult> query = EmbedTokensAsync(new EmbedRequest([request.Query], InputKind.Query, request.Model), cancellationToken);
        EmbedTokensResult texts = await EmbedTokensAsync(new EmbedRequest(request.Texts, InputKind.Raw, request.Model), cancellationToken).ConfigureAwait(false);
        TokenVectors q = (await query.ConfigureAwait(false)).Texts[0];
        return new MatchResult(texts.Space, [.. texts.Texts.Select(t => Matches(q, t))]);
    }

    /// <inheritdoc/>
    public async Task<ScoreResult> ScoreAsync(ScoreRequest request, CancellationToken cancellationToken)
    {
        Task<EmbedTokensResult> query = EmbedTokensAsync(new EmbedRequest([request.Query], InputKind.Query, request.Model), cancellationToken);
        EmbedTokensResult texts = await EmbedTokensAsync(new EmbedRequest(request.Texts, InputKind.Raw, request.Model), cancellationToken).ConfigureAwait(false);
        TokenVectors q = (await query.ConfigureAwait(false)).Texts[0];
        return new ScoreResult(texts.Space, [.. texts.Texts.Select(t => LateInteraction(q, t))]);
    }

    /// <inheritdoc/>
    public async Task<byte[]> ReadTokenizerAsync(string hash, CancellationToken cancellationToken)
    {
        EncoderModel? model = _models.SelectMany(m => m.Lanes).Select(l => l.Model).FirstOrDefault(m => m.Tokenizer.Hash == hash);
        return model is null ? throw new RetrievalException(ErrorKind.NotFound, $"No served model has tokenizer {hash}.", "hash", hash)
            : await File.ReadAllBytesAsync(model.TokenizerFile, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Finishes what waits, then lets the models go.</summary>
    public void Dispose()
    {
        _models.ForEach(m => m.Dispose());
        _models.Clear();
    }

    private void Add(ModelOptions options, ILogger logger)
    {
        long began = Stopwatch.GetTimestamp();
        ServedModel served = ServedModel.Load(options, _options, logger);
        if (_models.Exists(m => m.Description.Model == served.Description.Model))
        {
            served.Dispose();
            throw new RetrievalException(ErrorKind.Invalid, $"Two models are called '{served.Description.Model}'.", "Encoder:Models", served.Description.Model, help: "Give one of them another Name.");
        }
        _models.Add(served);
        VectorSpace space = served.Description.Space;
        Log.Loaded(logger, served.Description.Model, options.Path, space.Dimensions, space.MaxTokens, space.Id, served.Description.Provider, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    }

    private ServedModel Find(string? name) => name is null ? _models[0]
        : _models.Find(m => m.Description.Model == name)
        ?? throw new RetrievalException(ErrorKind.NotFound, $"Model '{name}' is not served here.", "model", name, string.Join(", ", Models), "Name a served model, or add it to Encoder:Models.");

    private async Task<TextWork[]> RunAsync(Lane lane, EmbedRequest request, bool wantsTokens, CancellationToken cancellationToken)
    {
        if (request.Texts.Count == 0 || request.Texts.Count > _options.MaxTexts)
        {
            throw new RetrievalException(request.Texts.Count == 0 ? ErrorKind.Invalid : ErrorKind.TooLarge, $"{request.Texts.Count} texts in one request are not possible.", "texts", $"{request.Texts.Count}",
                $"1 to {_options.MaxTexts} (Encoder:MaxTexts)", "Send them in several requests.");
        }
        int leftOut = lane.Model.LeftOut(request.Kind);
        TextWork[] texts = [.. request.Texts.Select((t, i) => Work(lane.Model, t, i, request, wantsTokens, leftOut, cancellationToken))];
        if (Array.FindIndex(texts, t => t.Length <= leftOut) is >= 0 and var bare)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Text {bare} has no token behind its instruction.", "texts", $"{texts[bare].Length} tokens", $"more than {leftOut} tokens", "Shorten the prompt, or send a text.");
        }
        lane.Queue.Add(texts, request.Kind != InputKind.Document);
        await Task.WhenAll(texts.Select(t => t.Done.Task)).WaitAsync(cancellationToken).ConfigureAwait(false);
        return texts;
    }

    private static TextWork Work(EncoderModel model, string text, int index, EmbedRequest request, bool wantsTokens, int leftOut, CancellationToken cancellationToken)
    {
        Encoding tokens = Tokenize(model, text, index, request);
        return new TextWork(tokens, wantsTokens, leftOut, cancellationToken) { Parts = request.Spans is { } spans ? SpanTokens.Of(tokens, model.Prompted("", request.Kind).Length, text.Length, spans[index]) : null };
    }

    private static Encoding Tokenize(EncoderModel model, string text, int index, EmbedRequest request)
    {
        int most = model.Description.Space.MaxTokens;
        Encoding tokens = model.Tokenizer.Encode(model.Prompted(text, request.Kind), true, request.Truncate && request.Spans is null ? most : null);
        return tokens.Ids.Length <= most ? tokens : throw new RetrievalException(ErrorKind.Invalid, $"Text {index} has {tokens.Ids.Length} tokens.", "texts", $"{tokens.Ids.Length} tokens", $"{most} tokens", "Shorten it, or allow truncation.");
    }

    private static TokenVectors Vectors(EncoderModel model, TextWork text, int promptLength)
    {
        int[] own = [.. Enumerable.Range(0, text.Length).Where(i => !text.Tokens.IsSpecial[i])];
        return new TokenVectors(model.Description.Space.Dimensions, text.Done.Task.Result,
            [.. own.Select(i => Math.Max(0, text.Tokens.Starts[i] - promptLength))], [.. own.Select(i => Math.Max(0, text.Tokens.Ends[i] - promptLength))]);
    }

    internal static TokenMatches Matches(TokenVectors query, TokenVectors text)
    {
        int width = query.Dimensions, queryTokens = query.Starts.Length;
        float[] cosines = new float[text.Starts.Length * queryTokens];
        for (int i = 0; i < cosines.Length; i++)
        {
            cosines[i] = TensorPrimitives.Dot(query.Values.AsSpan(i % queryTokens * width, width), text.Values.AsSpan(i / queryTokens * width, width));
        }
        return new TokenMatches(queryTokens, cosines, text.Starts, text.Ends);
    }

    /// <summary>ColBERT's MaxSim (Khattab and Zaharia 2020): each query token's best cosine in the text; the mean over the query's tokens.</summary>
    private static float LateInteraction(TokenVectors query, TokenVectors text)
    {
        int width = query.Dimensions, queryTokens = query.Starts.Length, textTokens = text.Starts.Length;
        float sum = 0;
        for (int q = 0; q < queryTokens && textTokens > 0; q++)
        {
            float best = float.NegativeInfinity;
            for (int t = 0; t < textTokens; t++)
            {
                best = Math.Max(best, TensorPrimitives.Dot(query.Values.AsSpan(q * width, width), text.Values.AsSpan(t * width, width)));
            }
            sum += best;
        }
        return queryTokens == 0 ? 0 : sum / queryTokens;
    }
}

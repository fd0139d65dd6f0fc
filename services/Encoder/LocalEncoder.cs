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
    private readonly TimeProvider _time;
    private readonly List<ServedModel> _models = [];

    private LocalEncoder(EncoderOptions options, TimeProvider time) => (_options, _time) = (options, time);

    /// <summary>Names of the served models; the first is the default.</summary>
    public IReadOnlyList<string> Models => [.. _models.Select(m => m.Description.Model)];

    /// <summary>Loads every model of the options.</summary>
    /// <exception cref="RetrievalException">Invalid, for the first that cannot be served.</exception>
    public static LocalEncoder Load(EncoderOptions options, ILogger logger) => Load(options, logger, TimeProvider.System);

    /// <summary>Loads every model of the options.</summary>
    /// <exception cref="RetrievalException">Invalid, for the first that cannot be served.</exception>
    public static LocalEncoder Load(EncoderOptions options, ILogger logger, TimeProvider time)
    {
        LocalEncoder encoder = new(options, time);
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
        RequireFullDepth(request);
        (TextWork[] texts, ServedTier? tier) = request.Kind == InputKind.Query || request.Tier is not null ? AddToTier(served, request, cancellationToken)
            : (Add(served.Documents, served.Documents.Model.TemplateOf(request.Kind), request, false, cancellationToken), null);
        await Task.WhenAll(texts.Select(t => t.Done.Task)).WaitAsync(cancellationToken).ConfigureAwait(false);
        return new EmbedResult(served.Description.Space.Id, [.. texts.Select(t => tier is null ? t.Done.Task.Result : tier.Finished(t.Done.Task.Result))], [.. texts.Select(t => t.Length)], tier?.Description.Name);
    }

    /// <inheritdoc/>
    public async Task<EmbedTokensResult> EmbedTokensAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        // Token by token only the states of one model can be compared: a student of a pair meets its teacher in whole texts alone.
        ServedModel served = Find(request.Model);
        EncoderModel model = served.Documents.Model;
        model.RequireTokens();
        if (request.Tier is not null)
        {
            throw new RetrievalException(ErrorKind.Invalid, "Token vectors are given at full depth alone.", "tier", request.Tier, help: "Leave 'tier' out.");
        }
        TextTemplate template = request.Kind == InputKind.Query && served.Default.IsOfDocuments ? served.Default.Template : model.TemplateOf(request.Kind);
        TextWork[] texts = Add(served.Documents, template, request, true, cancellationToken);
        await Task.WhenAll(texts.Select(t => t.Done.Task)).WaitAsync(cancellationToken).ConfigureAwait(false);
        return new EmbedTokensResult(served.Description.Space.Id, [.. texts.Select((t, i) => Vectors(model, t, template, request.Texts[i]))]);
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
        ServedModel served = ServedModel.Load(options, _options, logger, _time);
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

    /// <summary>Documents always take the full depth: what is stored has to be comparable with every query.</summary>
    private static void RequireFullDepth(EmbedRequest request)
    {
        if (request is { Kind: InputKind.Document, Tier: not null })
        {
            throw new RetrievalException(ErrorKind.Invalid, "Documents are always encoded at full depth.", "tier", request.Tier, help: "Leave 'tier' out, or say that the texts are queries.");
        }
    }

    /// <summary>To the tier that is named, or to the first one by load whose queue has room.</summary>
    private (TextWork[] Texts, ServedTier Tier) AddToTier(ServedModel served, EmbedRequest request, CancellationToken cancellationToken)
    {
        IReadOnlyList<ServedTier> tiers = TierChoice.Of(served, request.Tier, _options);
        for (int i = 0; ; i++)
        {
            ServedTier tier = tiers[i];
            try
            {
                return (Add(tier.Lane, request.Kind == InputKind.Query ? tier.Template : TextTemplate.None, request, false, cancellationToken), tier);
            }
            catch (RetrievalException e) when (e.Problem.Kind == ErrorKind.Overloaded && i < tiers.Count - 1)
            {
            }
        }
    }

    private TextWork[] Add(Lane lane, TextTemplate template, EmbedRequest request, bool wantsTokens, CancellationToken cancellationToken)
    {
        if (request.Texts.Count == 0 || request.Texts.Count > _options.MaxTexts)
        {
            throw new RetrievalException(request.Texts.Count == 0 ? ErrorKind.Invalid : ErrorKind.TooLarge, $"{request.Texts.Count} texts in one request are not possible.", "texts", $"{request.Texts.Count}",
                $"1 to {_options.MaxTexts} (Encoder:MaxTexts)", "Send them in several requests.");
        }
        int leftOut = lane.Model.LeftOut(template);
        TextWork[] texts = [.. request.Texts.Select((t, i) => Tokenize(lane.Model, template, t, i, request.Truncate)).Select(t => new TextWork(t, wantsTokens, leftOut, cancellationToken) { Placeholder = lane.Model.Column(template, t) })];
        if (Array.FindIndex(texts, t => t.Length <= leftOut) is >= 0 and var bare)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Text {bare} has no token behind its instruction.", "texts", $"{texts[bare].Length} tokens", $"more than {leftOut} tokens", "Shorten the prompt, or send a text.");
        }
        lane.Queue.Add(texts, request.Kind != InputKind.Document);
        return texts;
    }

    private static Encoding Tokenize(EncoderModel model, TextTemplate template, string text, int index, bool truncates)
    {
        int most = model.Description.Space.MaxTokens;
        Encoding tokens = template.Encode(model.Tokenizer, text, truncates ? most : null);
        return tokens.Ids.Length <= most ? tokens : throw new RetrievalException(ErrorKind.Invalid, $"Text {index} has {tokens.Ids.Length} tokens.", "texts", $"{tokens.Ids.Length} tokens", $"{most} tokens", "Shorten it, or allow truncation.");
    }

    /// <summary>Offsets are into the text; a token of what stands around it has none of its characters.</summary>
    private static TokenVectors Vectors(EncoderModel model, TextWork work, TextTemplate template, string text)
    {
        int[] own = [.. Enumerable.Range(0, work.Length).Where(i => !work.Tokens.IsSpecial[i])];
        int InText(int offset) => Math.Clamp(offset - template.Before.Length, 0, text.Length);
        return new TokenVectors(model.Description.Space.Dimensions, work.Done.Task.Result, [.. own.Select(i => InText(work.Tokens.Starts[i]))], [.. own.Select(i => InText(work.Tokens.Ends[i]))]);
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

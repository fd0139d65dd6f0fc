using System.Diagnostics;
using System.Numerics.Tensors;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>The models of this process: checks, tokenizes, queues, and gives the vectors back in the order of the request.</summary>
public sealed class LocalEncoder : IEncoder, ITokenizerFiles, IDisposable
{
    [ThreadStatic]
    private static EncodingBuffer? t_tokens;

    private readonly Serving _serving;
    private readonly VectorCache _kept;

    private LocalEncoder(Serving serving, ModelRegistry registry)
    {
        (_serving, Registry, _kept) = (serving, registry, new VectorCache(serving.Options.CacheBytes));
        serving.Metrics.Observe(() => _kept.Bytes, () => registry.List() is var list ? (list.Bytes, list.Models.GroupBy(m => m.State).Select(g => (g.Key, g.Count()))) : default);
    }

    /// <summary>Names of the served models; the first is the default.</summary>
    public IReadOnlyList<string> Models => Registry.Names;

    /// <summary>Models that could not be loaded, each with the reason.</summary>
    public IReadOnlyList<string> Failures => Registry.Failures;

    /// <summary>Ends with the reason when a model can compute no more, and the process should; never otherwise.</summary>
    public Task<RetrievalException> Died => _serving.Watchdog.Died;

    internal ModelRegistry Registry { get; }

    /// <summary>Loads the models of the options.</summary>
    /// <exception cref="RetrievalException">Invalid, when the first cannot be served; others that cannot are among <see cref="Failures"/>.</exception>
    public static LocalEncoder Load(EncoderOptions options, ILogger logger) => Load(options, logger, TimeProvider.System);

    /// <summary>Loads the models of the options.</summary>
    /// <param name="options">Section Encoder.</param>
    /// <param name="logger">Of the encoder.</param>
    /// <param name="time">For waits and deadlines.</param>
    /// <exception cref="RetrievalException">Invalid, when the first cannot be served.</exception>
    public static LocalEncoder Load(EncoderOptions options, ILogger logger, TimeProvider time)
    {
        Serving serving = new(options, logger, time);
        try
        {
            return new LocalEncoder(serving, ModelRegistry.Load(options.Models.Count > 0 ? options.Models : [Bundled], serving));
        }
        catch
        {
            serving.Dispose();
            throw;
        }
    }

    /// <summary>The model that comes with the program.</summary>
    private static ModelOptions Bundled => new() { Path = Path.Combine(AppContext.BaseDirectory, "models", "all-MiniLM-L6-v2") };

    /// <inheritdoc/>
    public async Task<EncoderDescription> DescribeAsync(string? model, CancellationToken cancellationToken) => await Registry.DescribeAsync(model, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        RequireCount(request);
        using ModelLease lease = await Registry.LeaseAsync(request.Model, cancellationToken).ConfigureAwait(false);
        Lane lane = request.Kind == InputKind.Query ? lease.Served.Queries : lease.Served.Documents;
        (float[][] vectors, int[] tokens) = (new float[request.Texts.Count][], new int[request.Texts.Count]);
        if (!_kept.IsOn)
        {
            await ComputeAsync(lane, request, [.. Enumerable.Range(0, vectors.Length)], vectors, tokens, cancellationToken).ConfigureAwait(false);
            return new EmbedResult(lease.Served.Description.Space.Id, vectors, tokens);
        }
        VectorKey[] keys = [.. request.Texts.Select(t => VectorKey.Of(lane.Model.Description.Space.Id, lane.Model.LeftOut(request.Kind), lane.Model.Prompted(t, request.Kind)))];
        List<int> missing = [];
        for (int i = 0; i < keys.Length; i++)
        {
            if (_kept.Find(keys[i], request.Truncate) is { } kept)
            {
                (vectors[i], tokens[i]) = (kept.Vector, kept.Tokens);
            }
            else
            {
                missing.Add(i);
            }
        }
        if (missing.Count > 0)
        {
            await ComputeAsync(lane, request, missing, vectors, tokens, cancellationToken).ConfigureAwait(false);
            // A text of as many tokens as the model reads may have been longer: taken for cut, it is computed again where that is forbidden.
            missing.ForEach(i => _kept.Add(keys[i], new KeptVector(vectors[i], tokens[i], tokens[i] >= lane.Model.Description.Space.MaxTokens)));
        }
        lane.Metrics.Cached(keys.Length - missing.Count, missing.Count);
        return new EmbedResult(lease.Served.Description.Space.Id, vectors, tokens);
    }

    /// <inheritdoc/>
    public async Task<EmbedTokensResult> EmbedTokensAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        RequireCount(request);
        // Token by token only the states of one model can be compared: a student of a pair meets its teacher in whole texts alone.
        using ModelLease lease = await Registry.LeaseAsync(request.Model, cancellationToken).ConfigureAwait(false);
        EncoderModel model = lease.Served.Documents.Model;
        TextWork[] texts = await RunAsync(lease.Served.Documents, request, [.. Enumerable.Range(0, request.Texts.Count)], true, cancellationToken).ConfigureAwait(false);
        return new EmbedTokensResult(lease.Served.Description.Space.Id, [.. texts.Select(t => Vectors(model, t, model.Prompted("", request.Kind).Length))]);
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
    public async Task<byte[]> ReadTokenizerAsync(string hash, CancellationToken cancellationToken) => Registry.TokenizerFile(hash) is { } file
        ? await File.ReadAllBytesAsync(file, cancellationToken).ConfigureAwait(false)
        : throw new RetrievalException(ErrorKind.NotFound, $"No served model has tokenizer {hash}.", "hash", hash);

    /// <summary>Finishes what waits, then lets the models go.</summary>
    public void Dispose()
    {
        Registry.Dispose();
        _serving.Dispose();
    }

    private void RequireCount(EmbedRequest request)
    {
        if (request.Texts.Count == 0 || request.Texts.Count > _serving.Options.MaxTexts)
        {
            throw new RetrievalException(request.Texts.Count == 0 ? ErrorKind.Invalid : ErrorKind.TooLarge, $"{request.Texts.Count} texts in one request are not possible.", "texts", $"{request.Texts.Count}",
                $"1 to {_serving.Options.MaxTexts} (Encoder:MaxTexts)", "Send them in several requests.");
        }
    }

    /// <summary>Puts the vectors and lengths of some texts of a request into their places.</summary>
    private static async Task ComputeAsync(Lane lane, EmbedRequest request, List<int> which, float[][] vectors, int[] tokens, CancellationToken cancellationToken)
    {
        TextWork[] texts = await RunAsync(lane, request, which, false, cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < texts.Length; i++)
        {
            (vectors[which[i]], tokens[which[i]]) = (texts[i].Done.Task.Result, texts[i].Length);
        }
    }

    /// <summary>Tokenizes on the caller's thread, while the lane's threads run what came before.</summary>
    private static async Task<TextWork[]> RunAsync(Lane lane, EmbedRequest request, List<int> which, bool wantsTokens, CancellationToken cancellationToken)
    {
        using Activity? trace = Traces.StartRequest(lane.Model, which.Count);
        int leftOut = lane.Model.LeftOut(request.Kind);
        TextWork[] texts = new TextWork[which.Count];
        try
        {
            for (int i = 0; i < texts.Length; i++)
            {
                texts[i] = Tokenize(lane.Model, which[i], request, wantsTokens, leftOut, trace?.Context ?? default, cancellationToken);
            }
            lane.Queue.Add(texts, request.Kind != InputKind.Document);
        }
        catch (Exception e)
        {
            Refuse(lane, texts, e);
            throw;
        }
        await Task.WhenAll(texts.Select(t => t.Done.Task)).WaitAsync(cancellationToken).ConfigureAwait(false);
        return texts;
    }

    /// <summary>No batch will take them: their memory goes back.</summary>
    private static void Refuse(Lane lane, TextWork?[] texts, Exception e)
    {
        lane.Metrics.Refused(texts.Length);
        foreach (TextWork text in texts.OfType<TextWork>())
        {
            text.Settle(null, e);
            _ = text.Done.Task.Exception; // seen: nobody waits for it
        }
    }

    private static TextWork Tokenize(EncoderModel model, int index, EmbedRequest request, bool wantsTokens, int leftOut, ActivityContext trace, CancellationToken cancellationToken)
    {
        int most = model.Description.Space.MaxTokens, cut = request.Truncate ? most : int.MaxValue;
        string text = model.Prompted(request.Texts[index], request.Kind);
        TextWork work;
        if (wantsTokens)
        {
            work = new TextWork(model.Tokenizer.Encode(text, true, request.Truncate ? most : null), true, leftOut, cancellationToken) { Trace = trace };
        }
        else
        {
            EncodingBuffer tokens = t_tokens ??= new EncodingBuffer();
            model.Tokenizer.Encode(text, true, cut, tokens);
            work = new TextWork(tokens, leftOut, cancellationToken) { Trace = trace };
        }
        return work.Length > most ? throw new RetrievalException(ErrorKind.Invalid, $"Text {index} has {work.Length} tokens.", "texts", $"{work.Length} tokens", $"{most} tokens", "Shorten it, or allow truncation.")
            : work.Length <= leftOut ? throw new RetrievalException(ErrorKind.Invalid, $"Text {index} has no token behind its instruction.", "texts", $"{work.Length} tokens", $"more than {leftOut} tokens", "Shorten the prompt, or send a text.")
            : work;
    }

    private static TokenVectors Vectors(EncoderModel model, TextWork text, int promptLength)
    {
        int[] own = [.. Enumerable.Range(0, text.Length).Where(i => !text.Tokens!.IsSpecial[i])];
        return new TokenVectors(model.Description.Space.Dimensions, text.Done.Task.Result,
            [.. own.Select(i => Math.Max(0, text.Tokens!.Starts[i] - promptLength))], [.. own.Select(i => Math.Max(0, text.Tokens!.Ends[i] - promptLength))]);
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

using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>The models of this process: checks, tokenizes, queues, and gives the vectors back in the order of the request.</summary>
public sealed class LocalEncoder : IEncoder, ITokenizerFiles, IDisposable
{
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
    public async Task<IReadOnlyList<EncoderDescription>> ListAsync(CancellationToken cancellationToken)
    {
        List<EncoderDescription> known = [];
        foreach (string name in Models)
        {
            if (await KnownAsync(name, cancellationToken).ConfigureAwait(false) is { } model)
            {
                known.Add(model);
            }
        }
        return known;
    }

    /// <inheritdoc/>
    public async Task<EncoderDescription> DescribeAsync(string? model, CancellationToken cancellationToken) =>
        await Registry.DescribeAsync(model ?? await FirstAsync([ModelKind.Embedding], cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested(); // kept vectors would answer who has left already
        using ModelLease lease = await LeaseAsync(request.Model, [ModelKind.Embedding], cancellationToken).ConfigureAwait(false);
        PrefixLength.Require(lease.Served.Description, request.Dimensions);
        SpanTokens.Check(lease.Served, request);
        EmbedRequest sided = RequestPrompt.WithSide(request);
        (EmbedWork entered, ServedTier? tier) = Enter(lease.Served, sided, cancellationToken);
        using EmbedWork work = entered;
        (float[][] vectors, int[] tokens) = await work.FinishAsync(cancellationToken).ConfigureAwait(false);
        // A tier that keeps a prefix says in its space that it has unit length.
        int? kept = tier?.Dimensions is { } own && request.Dimensions is null ? own : request.Dimensions;
        bool normalize = request.Normalize ?? (work.GivesUnitLength || tier?.Dimensions is not null);
        return new EmbedResult(lease.Served.Description.Space.Id, [.. Parts(vectors, request).Select(v => PrefixLength.Cut(v, kept, normalize))], tokens, tier?.Description.Name);
    }

    /// <inheritdoc/>
    public async Task<EmbedTokensResult> EmbedTokensAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        RequirePool(request.Pool);
        // Token by token only the states of one model can be compared: a student of a pair meets its teacher in whole texts alone.
        using ModelLease lease = await LeaseAsync(request.Model, [ModelKind.Embedding], cancellationToken).ConfigureAwait(false);
        Lane lane = lease.Served.Documents;
        lane.Model.RequireTokens();
        RequestTexts texts = WholeDepth(lease.Served, request);
        using LaneRun run = LaneRun.Enter(lane, texts.Count, (i, trace) => texts.Work(i, true, trace, cancellationToken), texts.Kind);
        TextWork[] works = await run.FinishAsync(cancellationToken).ConfigureAwait(false);
        return new EmbedTokensResult(lease.Served.Description.Space.Id, [.. works.Select((t, i) => LateInteraction.Pool(Vectors(lane.Model, t, texts.Template, request.Ids is null ? request.Texts[i].Length : 0), request.Pool ?? 1))], [.. works.Select(t => t.Length)]);
    }

    /// <inheritdoc/>
    public async Task<EmbedSparseResult> EmbedSparseAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        if (request.Top < 1)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{request.Top} weights of a sparse vector cannot be kept.", "top", $"{request.Top}", "1 or more", "Leave it out for all above 0.");
        }
        using ModelLease lease = await LeaseAsync(request.Model, [ModelKind.Sparse], cancellationToken).ConfigureAwait(false);
        RequestTexts texts = WholeDepth(lease.Served, request);
        using LaneRun run = LaneRun.Enter(lease.Served.Documents, texts.Count, (i, trace) => texts.Work(i, false, trace, cancellationToken), texts.Kind);
        TextWork[] works = await run.FinishAsync(cancellationToken).ConfigureAwait(false);
        return new EmbedSparseResult(lease.Served.Description.Space.Id, [.. works.Select(t => Scores.Sparse(t.Done.Task.Result, request.Top))], [.. works.Select(t => t.Length)]);
    }

    /// <inheritdoc/>
    public async Task<MatchResult> MatchAsync(MatchRequest request, CancellationToken cancellationToken)
    {
        EmbedTokensResult[] compared = await Task.WhenAll(EmbedTokensAsync(new EmbedRequest([request.Query], InputKind.Query, request.Model), cancellationToken),
            EmbedTokensAsync(new EmbedRequest(request.Texts, InputKind.Raw, request.Model), cancellationToken)).ConfigureAwait(false);
        return new MatchResult(compared[1].Space, [.. compared[1].Texts.Select(t => LateInteraction.Matches(compared[0].Texts[0], t))]);
    }

    /// <inheritdoc/>
    public async Task<ScoreResult> ScoreAsync(ScoreRequest request, CancellationToken cancellationToken)
    {
        RequirePool(request.Pool);
        using ModelLease lease = await LeaseAsync(request.Model, [ModelKind.CrossEncoder, ModelKind.Embedding], cancellationToken).ConfigureAwait(false);
        ScoreRequest named = request with { Model = lease.Served.Description.Model };
        return lease.Served.Description.Kind == ModelKind.CrossEncoder ? await ScorePairsAsync(named, cancellationToken).ConfigureAwait(false) : await CompareAsync(named, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<ClassifyResult> ClassifyAsync(ClassifyRequest request, CancellationToken cancellationToken)
    {
        using ModelLease lease = await LeaseAsync(request.Model, [ModelKind.Classifier, ModelKind.CrossEncoder], cancellationToken).ConfigureAwait(false);
        RequestTexts.RequireCount(request.Texts.Count, _serving.Options);
        Lane lane = lease.Served.Documents;
        using LaneRun run = LaneRun.Enter(lane, request.Texts.Count, (i, trace) => PairWork.Of(lane.Model, request, i, trace, cancellationToken), InputKind.Raw);
        TextWork[] works = await run.FinishAsync(cancellationToken).ConfigureAwait(false);
        EncoderDescription model = lease.Served.Description;
        return new ClassifyResult(model.Space.Id, model.Labels, [.. works.Select(t => request.Raw ? t.Done.Task.Result : Scores.Of(t.Done.Task.Result))], [.. works.Select(t => t.Length)]);
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

    /// <summary>Asks what is served under a name, or the first.</summary>
    internal async Task<T> AskAsync<T>(string? model, Func<ServedModel, T> ask, CancellationToken cancellationToken)
    {
        using ModelLease lease = await Registry.LeaseAsync(model, cancellationToken).ConfigureAwait(false);
        return ask(lease.Served);
    }

    private async Task<ScoreResult> ScorePairsAsync(ScoreRequest request, CancellationToken cancellationToken)
    {
        ClassifyRequest pairs = new([.. request.Texts.Select(t => new TextPair(request.Query, t))], request.Model, request.Raw, request.Truncate) { CutStart = request.CutStart };
        ClassifyResult result = await ClassifyAsync(pairs, cancellationToken).ConfigureAwait(false);
        return new ScoreResult(result.Space, [.. result.Scores.Select(s => s[0])], result.Tokens);
    }

    private async Task<ScoreResult> CompareAsync(ScoreRequest request, CancellationToken cancellationToken)
    {
        EmbedRequest query = new([request.Query], InputKind.Query, request.Model, request.Truncate) { CutStart = request.CutStart }, texts = query with { Texts = request.Texts, Kind = InputKind.Raw };
        EmbedTokensResult[] compared = await Task.WhenAll(EmbedTokensAsync(query, cancellationToken), EmbedTokensAsync(texts, cancellationToken)).ConfigureAwait(false);
        return new ScoreResult(compared[1].Space, [.. compared[1].Texts.Select(t => LateInteraction.MaxSim(compared[0].Texts[0], LateInteraction.Pool(t, request.Pool ?? 1)))], compared[1].Tokens);
    }

    /// <summary>A model of one of some kinds: the named one, or the first there is of the first kind, then of the next.</summary>
    private async Task<ModelLease> LeaseAsync(string? name, ModelKind[] kinds, CancellationToken cancellationToken)
    {
        ModelLease lease = await Registry.LeaseAsync(name ?? await FirstAsync(kinds, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        ModelKind own = lease.Served.Description.Kind;
        if (kinds.Contains(own))
        {
            return lease;
        }
        lease.Dispose();
        throw new RetrievalException(ErrorKind.Invalid, $"Model '{name}' is {Words.Of(own)}, and {Words.Of(kinds[0])} is needed.", "model", name, help: $"'{name}' answers at {Words.Routes(own)}; GET /v1/models lists the others.");
    }

    private async Task<string> FirstAsync(ModelKind[] kinds, CancellationToken cancellationToken)
    {
        foreach (ModelKind kind in kinds)
        {
            foreach (string name in Models)
            {
                if ((await KnownAsync(name, cancellationToken).ConfigureAwait(false))?.Kind == kind)
                {
                    return name;
                }
            }
        }
        throw new RetrievalException(ErrorKind.Invalid, $"No served model is {Words.Of(kinds[0])}.", "model", help: "Add one to Encoder:Models.");
    }

    /// <summary>Null for one that could not be loaded, or not now.</summary>
    private async Task<EncoderDescription?> KnownAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await Registry.DescribeAsync(name, cancellationToken).ConfigureAwait(false);
        }
        catch (RetrievalException e) when (e.Problem.Kind is ErrorKind.Unavailable or ErrorKind.Overloaded or ErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>The vectors of a text's parts stand behind each other in one.</summary>
    private static IEnumerable<float[]> Parts(float[][] vectors, EmbedRequest request) =>
        request.Spans is not { } spans ? vectors : vectors.SelectMany((v, i) => spans[i].Count == 0 ? [] : v.Chunk(v.Length / spans[i].Count));

    private static void RequirePool(int? pool)
    {
        if (pool is < 1 or > 1024)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{pool} tokens cannot be pooled.", "pool", $"{pool}", "1 to 1024", "1 keeps every token.");
        }
    }

    /// <summary>Queries, and what names a tier, to one of the tiers. Documents always take the full depth: what is stored has to be comparable with every query.</summary>
    private (EmbedWork Work, ServedTier? Tier) Enter(ServedModel served, EmbedRequest request, CancellationToken cancellationToken) => request switch
    {
        { Kind: InputKind.Document, Tier: not null } => throw new RetrievalException(ErrorKind.Invalid, "Documents are always encoded at full depth.", "tier", request.Tier, help: "Leave 'tier' out, or say that the texts are queries."),
        { Kind: InputKind.Query } or { Tier: not null } => EnterTier(served, request, cancellationToken),
        _ => (EmbedWork.Enter(served.Documents, WholeDepth(served, request), _kept, cancellationToken), null),
    };

    /// <summary>To the tier that is named, or to the first one by load whose queue has room.</summary>
    private (EmbedWork Work, ServedTier Tier) EnterTier(ServedModel served, EmbedRequest request, CancellationToken cancellationToken)
    {
        IReadOnlyList<ServedTier> tiers = TierChoice.Of(served, request.Tier, _serving.Options);
        for (int i = 0; ; i++)
        {
            ServedTier tier = tiers[i];
            if (request.Dimensions > tier.Dimensions)
            {
                throw new RetrievalException(ErrorKind.Invalid, $"Tier '{tier.Description.Name}' gives vectors of {tier.Dimensions} dimensions.", "dimensions", $"{request.Dimensions}", $"at most {tier.Dimensions}", "Leave dimensions out, or name another tier.");
            }
            EncoderModel model = tier.Lane.Model;
            TextTemplate template = RequestPrompt.Of(model, request.Kind == InputKind.Query ? tier.Template : TextTemplate.None, tier.Template, request);
            try
            {
                return (EmbedWork.Enter(tier.Lane, RequestTexts.Of(model, request, template, _serving.Options), _kept, cancellationToken), tier);
            }
            catch (RetrievalException e) when (e.Problem.Kind == ErrorKind.Overloaded && i < tiers.Count - 1)
            {
            }
        }
    }

    /// <summary>Texts for the model of the documents.</summary>
    private RequestTexts WholeDepth(ServedModel served, EmbedRequest request)
    {
        EmbedRequest sided = RequestPrompt.WithSide(request);
        if (sided.Tier is not null)
        {
            throw new RetrievalException(ErrorKind.Invalid, "Token vectors and sparse vectors are given at full depth alone.", "tier", sided.Tier, help: "Leave 'tier' out.");
        }
        EncoderModel model = served.Documents.Model;
        return RequestTexts.Of(model, sided, RequestPrompt.Of(model, served.TemplateOf(sided.Kind), served.TemplateOf(InputKind.Query), sided), _serving.Options);
    }

    /// <summary>Offsets are into the text; a token of what stands around it has none of its characters.</summary>
    private static TokenVectors Vectors(EncoderModel model, TextWork text, TextTemplate template, int length)
    {
        int[] own = [.. Enumerable.Range(0, text.Length).Where(i => text.States || !text.Tokens!.IsSpecial[i])];
        int InText(int offset) => Math.Clamp(offset - template.Before.Length, 0, length);
        return new TokenVectors(text.States ? model.StateWidth : model.Description.Space.Dimensions, text.Done.Task.Result, [.. own.Select(i => InText(text.Tokens!.Starts[i]))], [.. own.Select(i => InText(text.Tokens!.Ends[i]))]);
    }
}

using System.Diagnostics;
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
    public Task<IReadOnlyList<EncoderDescription>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<EncoderDescription>>([.. _models.Select(m => m.Description)]);

    /// <inheritdoc/>
    public Task<EncoderDescription> DescribeAsync(string? model, CancellationToken cancellationToken) => Task.FromResult((model is null ? Find(null, ModelKind.Embedding) : Named(model)).Description);

    /// <inheritdoc/>
    public async Task<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        ServedModel served = Find(request.Model, ModelKind.Embedding);
        PrefixLength.Require(served.Description, request.Dimensions);
        EmbedRequest sided = RequestPrompt.WithSide(request);
        Lane lane = sided.Kind == InputKind.Query ? served.Queries : served.Documents;
        TextWork[] texts = await RunAsync(lane, RequestTexts.Of(lane.Model, sided, false, _options, cancellationToken), sided.Kind, cancellationToken).ConfigureAwait(false);
        bool normalize = request.Normalize ?? lane.Model.GivesUnitLength;
        return new EmbedResult(served.Description.Space.Id, [.. texts.Select(t => PrefixLength.Cut(t.Done.Task.Result, request.Dimensions, normalize))], [.. texts.Select(t => t.Length)]);
    }

    /// <inheritdoc/>
    public async Task<EmbedTokensResult> EmbedTokensAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        // Token by token only the states of one model can be compared: a student of a pair meets its teacher in whole texts alone.
        ServedModel served = Find(request.Model, ModelKind.Embedding);
        RequirePool(request.Pool);
        EmbedRequest sided = RequestPrompt.WithSide(request);
        EncoderModel model = served.Documents.Model;
        TextWork[] texts = await RunAsync(served.Documents, RequestTexts.Of(model, sided, true, _options, cancellationToken), sided.Kind, cancellationToken).ConfigureAwait(false);
        int promptLength = RequestPrompt.Of(model, sided).Length;
        return new EmbedTokensResult(served.Description.Space.Id, [.. texts.Select(t => LateInteraction.Pool(Vectors(model, t, promptLength), request.Pool))], [.. texts.Select(t => t.Length)]);
    }

    /// <inheritdoc/>
    public async Task<EmbedSparseResult> EmbedSparseAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        ServedModel served = Find(request.Model, ModelKind.Sparse);
        if (request.Top < 1)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{request.Top} weights of a sparse vector cannot be kept.", "top", $"{request.Top}", "1 or more", "Leave it out for all above 0.");
        }
        EmbedRequest sided = RequestPrompt.WithSide(request);
        TextWork[] texts = await RunAsync(served.Documents, RequestTexts.Of(served.Documents.Model, sided, false, _options, cancellationToken), sided.Kind, cancellationToken).ConfigureAwait(false);
        return new EmbedSparseResult(served.Description.Space.Id, [.. texts.Select(t => Scores.Sparse(t.Done.Task.Result, request.Top))], [.. texts.Select(t => t.Length)]);
    }

    /// <inheritdoc/>
    public async Task<ScoreResult> ScoreAsync(ScoreRequest request, CancellationToken cancellationToken)
    {
        RequirePool(request.Pool);
        ServedModel served = Find(request.Model, ModelKind.CrossEncoder, ModelKind.Embedding);
        return served.Description.Kind == ModelKind.CrossEncoder ? await ScorePairsAsync(served, request, cancellationToken).ConfigureAwait(false) : await CompareAsync(served, request, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<ClassifyResult> ClassifyAsync(ClassifyRequest request, CancellationToken cancellationToken)
    {
        ServedModel served = Find(request.Model, ModelKind.Classifier, ModelKind.CrossEncoder);
        RequestTexts.RequireCount(request.Texts.Count, _options);
        TextWork[] texts = PairWork.Of(served.Documents.Model, request.Texts, request.Truncate, request.CutStart ? Side.Left : Side.Right, cancellationToken);
        await RunAsync(served.Documents, texts, InputKind.Raw, cancellationToken).ConfigureAwait(false);
        return new ClassifyResult(served.Description.Space.Id, served.Description.Labels, [.. texts.Select(t => request.Raw ? t.Done.Task.Result : Scores.Of(t.Done.Task.Result))], [.. texts.Select(t => t.Length)]);
    }

    private async Task<ScoreResult> ScorePairsAsync(ServedModel served, ScoreRequest request, CancellationToken cancellationToken)
    {
        ClassifyResult result = await ClassifyAsync(new ClassifyRequest([.. request.Texts.Select(t => new TextPair(request.Query, t))], served.Description.Model, request.Raw, request.Truncate) { CutStart = request.CutStart }, cancellationToken).ConfigureAwait(false);
        return new ScoreResult(result.Space, [.. result.Scores.Select(s => s[0])], result.Tokens);
    }

    private async Task<ScoreResult> CompareAsync(ServedModel served, ScoreRequest request, CancellationToken cancellationToken)
    {
        string model = served.Description.Model;
        Task<EmbedTokensResult> query = EmbedTokensAsync(new EmbedRequest([request.Query], InputKind.Query, model, request.Truncate) { CutStart = request.CutStart }, cancellationToken);
        EmbedRequest texts = new(request.Texts, InputKind.Raw, model, request.Truncate) { CutStart = request.CutStart };
        EmbedTokensResult compared = await EmbedTokensAsync(texts, cancellationToken).ConfigureAwait(false);
        TokenVectors q = (await query.ConfigureAwait(false)).Texts[0];
        return new ScoreResult(compared.Space, [.. compared.Texts.Select(t => LateInteraction.MaxSim(q, LateInteraction.Pool(t, request.Pool)))], compared.Tokens);
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

    /// <summary>What encodes documents under a name, or under the first.</summary>
    internal EncoderModel ModelOf(string? model) => (model is null ? _models[0] : Named(model)).Documents.Model;

    private ServedModel Named(string name) => _models.Find(m => m.Description.Model == name)
        ?? throw new RetrievalException(ErrorKind.NotFound, $"Model '{name}' is not served here.", "model", name, string.Join(", ", Models), "Name a served model, or add it to Encoder:Models.");

    /// <summary>A model of one of some kinds: the named one, or the first there is of the first kind, then of the next.</summary>
    private ServedModel Find(string? name, params ReadOnlySpan<ModelKind> kinds)
    {
        if (name is not null)
        {
            ServedModel named = Named(name);
            ModelKind own = named.Description.Kind;
            return kinds.Contains(own) ? named : throw new RetrievalException(ErrorKind.Invalid, $"Model '{name}' is {Words.Of(own)}, and {Words.Of(kinds[0])} is needed.", "model", name, Fitting(kinds), $"'{name}' answers at {Words.Routes(own)}.");
        }
        foreach (ModelKind kind in kinds)
        {
            if (_models.Find(m => m.Description.Kind == kind) is { } first)
            {
                return first;
            }
        }
        throw new RetrievalException(ErrorKind.Invalid, $"No served model is {Words.Of(kinds[0])}.", "model", null, Fitting(kinds), "Add one to Encoder:Models.");
    }

    private string Fitting(ReadOnlySpan<ModelKind> kinds)
    {
        ModelKind[] wanted = kinds.ToArray();
        string[] names = [.. _models.Where(m => wanted.Contains(m.Description.Kind)).Select(m => m.Description.Model)];
        return names.Length == 0 ? "none is served" : string.Join(", ", names);
    }

    private static void RequirePool(int pool)
    {
        if (pool is < 1 or > 1024)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{pool} tokens cannot be pooled.", "pool", $"{pool}", "1 to 1024", "1 keeps every token.");
        }
    }

    private static async Task<TextWork[]> RunAsync(Lane lane, TextWork[] texts, InputKind kind, CancellationToken cancellationToken)
    {
        lane.Queue.Add(texts, kind != InputKind.Document);
        await Task.WhenAll(texts.Select(t => t.Done.Task)).WaitAsync(cancellationToken).ConfigureAwait(false);
        return texts;
    }

    private static TokenVectors Vectors(EncoderModel model, TextWork text, int promptLength)
    {
        int[] own = [.. Enumerable.Range(0, text.Length).Where(i => text.States || !text.Tokens.IsSpecial[i])];
        return new TokenVectors(text.States ? model.StateWidth : model.Description.Space.Dimensions, text.Done.Task.Result,
            [.. own.Select(i => Math.Max(0, text.Tokens.Starts[i] - promptLength))], [.. own.Select(i => Math.Max(0, text.Tokens.Ends[i] - promptLength))]);
    }
}

using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Onnx;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>A model with the texts that wait for it and the threads that run it.</summary>
internal sealed record Lane(EncoderModel Model, BatchQueue Queue, BatchLoop Loop)
{
    public static Lane Start(EncoderModel model, EncoderOptions options, ILogger logger, TimeProvider time)
    {
        BatchQueue queue = new(model.Name, options.QueueTokens, options.BatchTokens, time);
        return new Lane(model, queue, new BatchLoop(model, queue, options.ThreadCount, logger));
    }
}

/// <summary>
/// What one name in requests stands for: a model for documents, and the tiers that may encode a query of its space: the same model, one that leaves it
/// earlier (2D Matryoshka, arXiv 2402.14776), or a student (LEAF, arXiv 2509.12539).
/// </summary>
internal sealed class ServedModel : IDisposable
{
    private readonly OpenedModel _opened;
    private readonly Dictionary<TierModel, Lazy<Lane>> _lanes;

    private ServedModel(OpenedModel opened, Func<EncoderModel, Lane> start)
    {
        _opened = opened;
        Documents = start(opened.Documents);
        _lanes = opened.Tiers.Select(t => t.Model).OfType<TierModel>().Distinct().ToDictionary(m => m, m => new Lazy<Lane>(() => start(m.Model)));
        foreach (Lazy<Lane> lane in _lanes.Where(l => l.Key.IsOpen).Select(l => l.Value))
        {
            _ = lane.Value;
        }
        Lazy<Lane> ofDocuments = new(Documents);
        Tiers = [.. opened.Tiers.Select(t => new ServedTier(t, t.Model is null ? ofDocuments : _lanes[t.Model]))];
        Description = opened.Documents.Description with { QueryPrompt = Default.Template.Before, Tiers = [Default.Description, .. Tiers.Where(t => t != Default).Select(t => t.Description)] };
    }

    /// <summary>Encodes what is stored, raw texts and token vectors.</summary>
    public Lane Documents { get; }

    /// <summary>Encodes queries that neither the request nor load gives to another tier.</summary>
    public Lane Queries => Default.Lane;

    /// <summary>As retrieval.json lists them.</summary>
    public IReadOnlyList<ServedTier> Tiers { get; }

    /// <summary>Tier of a query when nothing says another.</summary>
    public ServedTier Default => Tiers[_opened.Default];

    /// <summary>The space is that of documents, the query prompt that of queries.</summary>
    public EncoderDescription Description { get; }

    /// <summary>Those that are open: of documents, and of tiers with a model of their own.</summary>
    public IEnumerable<Lane> Lanes => [Documents, .. _lanes.Values.Where(l => l.IsValueCreated).Select(l => l.Value)];

    /// <summary>Loads a folder with what its retrieval.json and router say.</summary>
    /// <exception cref="RetrievalException">Invalid: which file, what is wrong, the way out.</exception>
    public static ServedModel Load(ModelOptions options, EncoderOptions encoder, ILogger logger, TimeProvider time)
    {
        try
        {
            OpenedModel opened = Open(options, encoder, logger);
            foreach (OpenedTier tier in opened.Tiers.Where(t => t.Variant.Measured is not null))
            {
                PairMeasure measured = tier.Variant.Measured!.Measure;
                Log.Admitted(logger, opened.Documents.Name, tier.Variant.Name, measured.Cosine.Value, measured.RecallKept.Value, measured.RecallKept.Low, measured.RecallKept.High, measured.Texts);
            }
            return new ServedModel(opened, model => Lane.Start(model, encoder, logger, time));
        }
        catch (Exception e) when (e is ModelFormatException or OnnxFormatException or PassRefusedException or TokenizerFormatException or IOException or UnauthorizedAccessException)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The model in {options.Path} cannot be served: {e.Message}", "Encoder:Models", options.Path, inner: e);
        }
    }

    /// <summary>The models of a folder, without threads.</summary>
    internal static OpenedModel Open(ModelOptions options, EncoderOptions encoder, ILogger logger) => OpenedModel.Open(options, encoder, logger);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Lane lane in Lanes)
        {
            lane.Loop.Dispose();
        }
        _opened.Dispose();
    }
}

using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Onnx;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>
/// What one name in requests stands for: a model for documents, and the tiers that may encode a query of its space: the same model, one that leaves it
/// earlier (2D Matryoshka, arXiv 2402.14776), or a student (LEAF, arXiv 2509.12539).
/// </summary>
internal sealed class ServedModel : IDisposable
{
    private readonly OpenedModel _opened;
    private readonly Dictionary<TierModel, OnDemandLane> _lanes;

    private ServedModel(OpenedModel opened, Lane documents, Dictionary<TierModel, OnDemandLane> lanes)
    {
        (_opened, Documents, _lanes) = (opened, documents, lanes);
        OnDemandLane ofDocuments = OnDemandLane.Of(documents);
        Tiers = [.. opened.Tiers.Select(t => new ServedTier(t, t.Model is null ? ofDocuments : lanes[t.Model]))];
        EncoderDescription own = opened.Documents.Description;
        Description = own with { QueryPrompt = Default.Template.Before, Tiers = own.Kind == ModelKind.Embedding ? [Default.Description, .. Tiers.Where(t => t != Default).Select(t => t.Description)] : null };
    }

    /// <summary>Encodes what is stored, raw texts and token vectors.</summary>
    public Lane Documents { get; }

    /// <summary>As retrieval.json lists them.</summary>
    public IReadOnlyList<ServedTier> Tiers { get; }

    /// <summary>Tier of a query when nothing says another.</summary>
    public ServedTier Default => Tiers[_opened.Default];

    /// <summary>The space is that of documents, the query prompt that of queries.</summary>
    public EncoderDescription Description { get; }

    /// <summary>Those that are open: of documents, and of tiers with a model of their own.</summary>
    public IEnumerable<Lane> Lanes => [Documents, .. Open(_lanes)];

    /// <summary>Bytes of graphs and weights, those of tiers that are not open yet included.</summary>
    public long Bytes => _opened.Bytes;

    /// <summary>Runs at once and threads of each, for people.</summary>
    public string Runs => string.Join("; ", Lanes.Select(l => l.Shape.ToString()).Distinct());

    /// <summary>Loads a folder with what its retrieval.json and router say.</summary>
    /// <exception cref="RetrievalException">Invalid: which file, what is wrong, the way out.</exception>
    public static ServedModel Load(ModelOptions options, Serving serving)
    {
        try
        {
            OpenedModel opened = Open(options, serving.Options, serving.Logger);
            foreach (OpenedTier tier in opened.Tiers.Where(t => t.Variant.Measured is not null))
            {
                PairMeasure measured = tier.Variant.Measured!.Measure;
                Log.Admitted(serving.Logger, opened.Documents.Name, tier.Variant.Name, measured.Cosine.Value, measured.RecallKept.Value, measured.RecallKept.Low, measured.RecallKept.High, measured.Texts);
            }
            return Start(opened, serving);
        }
        catch (Exception e) when (e is ModelFormatException or OnnxFormatException or PassRefusedException or TokenizerFormatException or IOException or UnauthorizedAccessException)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The model in {options.Path} cannot be served: {e.Message}", "Encoder:Models", options.Path, inner: e);
        }
    }

    /// <summary>The models of a folder, without threads.</summary>
    internal static OpenedModel Open(ModelOptions options, EncoderOptions encoder, ILogger logger) => OpenedModel.Open(options, encoder, logger);

    /// <summary>Token vectors and texts without a tier of their own are encoded by the documents' model; what stands around a query there is the default tier's, where that has no other model.</summary>
    public TextTemplate TemplateOf(InputKind kind) => kind == InputKind.Query && Default.IsOfDocuments ? Default.Template : Documents.Model.TemplateOf(kind);

    /// <inheritdoc/>
    public void Dispose() => Close(_opened, [.. Lanes]);

    /// <summary>Threads for every model that is open; a tier that is closed gets its own when it is first asked for.</summary>
    private static ServedModel Start(OpenedModel opened, Serving serving)
    {
        List<Lane> started = [];
        try
        {
            started.Add(new Lane(opened.Documents, "documents", OpenedModel.OnlyTier, serving));
            Dictionary<TierModel, OnDemandLane> lanes = opened.Tiers.Where(t => t.Model is not null).GroupBy(t => t.Model!)
                .ToDictionary(g => g.Key, g => new OnDemandLane(() => new Lane(g.Key.Model, "queries", g.First().Variant.Name, serving)));
            started.AddRange(lanes.Where(l => l.Key.IsOpen).Select(l => l.Value.Value));
            return new ServedModel(opened, started[0], lanes);
        }
        catch
        {
            Close(opened, started);
            throw;
        }
    }

    private static IEnumerable<Lane> Open(Dictionary<TierModel, OnDemandLane> lanes) => lanes.Values.Select(l => l.Started).OfType<Lane>();

    private static void Close(OpenedModel opened, IReadOnlyList<Lane> lanes)
    {
        foreach (Lane lane in lanes)
        {
            lane.Dispose();
        }
        if (!lanes.Any(l => l.IsDead)) // weights may be shared: a run that does not come back keeps them all
        {
            opened.Dispose();
        }
    }
}

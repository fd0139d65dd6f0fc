using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Onnx;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>Which tiers of a model to measure.</summary>
/// <param name="Model">Its folder, with or without a retrieval.json.</param>
/// <param name="Texts">The user's own.</param>
/// <param name="Layers">After which a query may leave the model; with none, the dimensions are of the full depth.</param>
/// <param name="Dimensions">First numbers of a vector that may be kept, at each depth; none: all.</param>
/// <param name="Dense">Weights of the dense layer that was trained for an exit, {n} for its layer, relative to the model's folder; left out where there is no such file.</param>
public sealed record TierRequest(string Model, IReadOnlyList<string> Texts, IReadOnlyList<int> Layers, IReadOnlyList<int> Dimensions, string Dense)
{
    /// <summary>Lower end of the recall kept from which on a tier is admitted.</summary>
    public double LeastRecall { get; init; } = 0.5;

    /// <summary>Folder that gets retrieval.json; null: the model's.</summary>
    public string? Output { get; init; }
}

/// <summary>A tier and what it keeps.</summary>
/// <param name="Name">Such as L4, or L4xD128.</param>
/// <param name="Layer">Null: the full depth.</param>
/// <param name="Dimensions">Null: all.</param>
/// <param name="Measure">Against the full depth on the same texts.</param>
/// <param name="Time">Of its encoding over that of the full depth, in this one run.</param>
/// <param name="IsAdmitted">It keeps enough.</param>
public sealed record MeasuredTier(string Name, int? Layer, int? Dimensions, PairMeasure Measure, double Time, bool IsAdmitted);

/// <summary>What came of it.</summary>
/// <param name="Full">Name of the full depth.</param>
/// <param name="Tiers">Deepest first.</param>
/// <param name="File">retrieval.json that was written; null when no tier keeps enough.</param>
public sealed record TierReport(string Full, IReadOnlyList<MeasuredTier> Tiers, string? File);

/// <summary>Measures tiers of a model against its full depth, and admits those that keep enough.</summary>
public static class TierMeasuring
{
    private const int Seed = 29;

    /// <summary>Runs.</summary>
    /// <param name="request">What to measure.</param>
    /// <param name="encoder">Provider and threads.</param>
    /// <param name="encoded">Called once a text and depth, the full one for its documents and its queries.</param>
    /// <param name="logger">Of the models.</param>
    /// <param name="cancellationToken">Ends it; nothing is left behind.</param>
    /// <exception cref="RetrievalException">Invalid: too few texts, a layer or dimension that there is not, or a model that cannot be served. Conflict: a tier of that name is there.</exception>
    public static TierReport Run(TierRequest request, EncoderOptions encoder, Action encoded, ILogger logger, CancellationToken cancellationToken)
    {
        if (request.Texts.Count < ModelAlignment.FewestTexts)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{request.Texts.Count} texts are too few to measure a tier on.", "--texts", $"{request.Texts.Count}", $"at least {ModelAlignment.FewestTexts}", "Give more of the texts that will be searched; some hundreds are good.");
        }
        try
        {
            ModelPlan plan = ModelPlan.Read(new ModelOptions { Path = request.Model });
            TierFile file = TierFile.Of(plan, request);
            using OpenedModel opened = OpenedModel.Plain(plan, isCut: true, encoder);
            TierEncoding encoding = new(encoder, request.Texts, encoded);
            List<MeasuredTier> tiers = Measure(request, file, new VariantOpening(plan, opened.Documents, opened.Weights, encoder), opened.Documents, encoding, cancellationToken);
            return new TierReport(file.Full, tiers, tiers.Exists(t => t.IsAdmitted) ? file.Write() : null);
        }
        catch (Exception e) when (e is ModelFormatException or OnnxFormatException or PassRefusedException or TokenizerFormatException)
        {
            throw new RetrievalException(ErrorKind.Invalid, e.Message, "--model", request.Model, inner: e);
        }
    }

    private static List<MeasuredTier> Measure(TierRequest request, TierFile file, VariantOpening opening, EncoderModel full, TierEncoding encoding, CancellationToken cancellationToken)
    {
        TextTemplate template = file.Template ?? full.TemplateOf(InputKind.Query);
        (float[][] documents, _) = encoding.Run(full, full.TemplateOf(InputKind.Document), cancellationToken);
        (float[][] queries, double whole) = encoding.Run(full, template, cancellationToken);
        List<MeasuredTier> tiers = [];
        foreach (int? layer in request.Layers.Count == 0 ? [null] : request.Layers.Distinct().OrderDescending().Select(l => (int?)l))
        {
            QueryVariant exit = file.Variant(layer, null);
            OpenedTier opened = opening.Open(exit);
            (float[][] vectors, double time) = layer is null ? (queries, whole) : encoding.Run(opened.Model!.Model, template, cancellationToken);
            foreach (int? kept in layer is null ? request.Dimensions.Select(d => (int?)d) : [null, .. request.Dimensions.Select(d => (int?)d)])
            {
                QueryVariant variant = file.Variant(layer, kept);
                OpenedTier tier = kept is null ? opened : opening.Open(variant);
                PairMeasure measure = PairMeasure.Of(Cut(vectors, kept), Cut(queries, kept), Cut(documents, kept), Seed, cancellationToken);
                bool isAdmitted = measure.RecallKept.Low >= request.LeastRecall;
                tiers.Add(new MeasuredTier(variant.Name, layer, kept, measure, time / whole, isAdmitted));
                if (isAdmitted)
                {
                    file.Add(variant, new AdmittedVariant(full.Description.Space.Id, opening.SpaceOf(tier).Id, measure));
                }
            }
            opened.Model?.Dispose();
        }
        return tiers;
    }

    /// <summary>A prefix is compared with prefixes.</summary>
    private static float[][] Cut(float[][] vectors, int? kept) => kept is not { } numbers ? vectors : [.. vectors.Select(v => UnitLength.Instance.Apply(v[..numbers]))];
}

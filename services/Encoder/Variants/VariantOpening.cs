using System.Security.Cryptography;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>Opens the query variants of a model one by one; those of the same graph share a model.</summary>
internal sealed class VariantOpening(ModelPlan plan, EncoderModel documents, SharedGraph? shared, EncoderOptions encoder)
{
    private readonly Dictionary<string, TierModel> _models = [];

    /// <summary>Opens one, and refuses it where it does not fit.</summary>
    /// <exception cref="ModelFormatException">It gives other dimensions, or is not what was measured.</exception>
    public OpenedTier Open(QueryVariant variant)
    {
        if (variant.HasPasses && plan.Folder.Queries is not null)
        {
            throw new ModelFormatException(plan.File.File, $"has passes in the query variant '{variant.Name}', but the folder is a router whose queries have a model of their own. Serve that folder's query model by itself, or leave the passes out.");
        }
        TierModel? own = ModelOf(variant);
        try
        {
            EncoderModel model = own?.Model ?? documents;
            TextTemplate template = variant.Template ?? model.TemplateOf(InputKind.Query);
            model.Require(template, plan.File.File);
            VectorSpace space = SpaceOf(variant, model);
            RequireFitting(variant, space.Dimensions);
            variant.Measured?.Require(plan.File.File, variant, documents.Description.Space, space);
            return new OpenedTier(variant, template, own, new TierDescription(variant.Name, space.Dimensions, false, variant.Layer, variant.Measured?.Measure.Cosine.Value, variant.Measured?.Measure.RecallKept.Value));
        }
        catch
        {
            own?.Dispose();
            throw;
        }
    }

    /// <summary>The space of a tier's own vectors, which its measurement names.</summary>
    public VectorSpace SpaceOf(OpenedTier tier) => SpaceOf(tier.Variant, tier.Model?.Model ?? documents);

    /// <summary>Weights are named by what decides them, whichever provider runs them.</summary>
    private VectorSpace SpaceOf(QueryVariant variant, EncoderModel model)
    {
        VectorSpace own = model.Description.Space, whole = variant.HasPasses ? own with { Weights = Digest([documents.Description.Space.Weights, .. variant.Passes.Select(p => p.Key)]) } : own;
        return variant.Dimensions is not { } kept ? whole
            : whole with { Dimensions = new FirstNumbers(kept, plan.File.File).Outputs(whole.Dimensions), PostProcessing = [.. whole.PostProcessing, $"first:{kept}", UnitLength.Instance.Id] };
    }

    private static string Digest(IEnumerable<string> lines) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', lines))));

    private TierModel? ModelOf(QueryVariant variant)
    {
        string key = variant.Model ?? string.Join('\n', variant.Passes.Select(p => p.Key));
        if (_models.TryGetValue(key, out TierModel? known))
        {
            return known;
        }
        Func<EncoderModel>? open = variant switch
        {
            { Model: { } path } => () => OpenStudent(path),
            { HasPasses: true } => () => OpenCut(variant),
            _ when plan.Folder.Queries is { } routed => () => EncoderModel.Open(plan.Name, ModelPlan.Changed(routed, plan.File, []), [], null, encoder),
            _ => null,
        };
        return open is null ? null : _models[key] = new TierModel(open);
    }

    private EncoderModel OpenCut(QueryVariant variant)
    {
        IReadOnlyList<UpgradePass> all = [.. plan.Passes, .. variant.Passes];
        ModelFolder folder = ModelPlan.Changed(plan.Folder, plan.File, all);
        return shared is null ? EncoderModel.Open(plan.Name, folder, all, documents.Description.Space.MaxTokens, encoder)
            : OpenedModel.Over(shared, new ModelParts(plan.Name, folder, plan.Passes, documents.Tokenizer, documents.Description.Space.MaxTokens), variant.Passes);
    }

    private EncoderModel OpenStudent(string path)
    {
        RetrievalFile own = RetrievalFile.Read(path);
        return own.Queries.Count == 0 && (own.Model == path || Path.GetFullPath(own.Model) == Path.GetFullPath(path))
            ? EncoderModel.Open(plan.Name, ModelPlan.Changed(ModelFolder.Read(path), own, own.Passes), own.Passes, null, encoder)
            : throw new ModelFormatException(own.File, $"serves the model in {own.Model}{(own.Queries.Count == 0 ? "" : " with query variants")}: a pair cannot be the student of another. Name the folder of a model itself.");
    }

    /// <summary>A vector of other dimensions would be compared with nothing; a prefix says that it is one.</summary>
    private void RequireFitting(QueryVariant variant, int asked)
    {
        int stored = documents.Description.Space.Dimensions;
        if (asked != stored && variant.Dimensions is null)
        {
            throw new ModelFormatException(plan.Folder.Queries is null || variant.Model is not null ? plan.File.File : plan.File.Model,
                $"pairs queries of {asked} dimensions with documents of {stored}. Both have to give the same: align the student with 'retrieval model align', or cut both to the same.");
        }
    }
}

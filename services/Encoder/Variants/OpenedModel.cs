using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Onnx;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>
/// The models behind one name, without threads: of documents, and of the query variants of its space. Variants that are cut from the model's own graph
/// run over one copy of its weights; where all of them together would still take too much memory, they are opened when they are first asked for.
/// </summary>
/// <param name="Documents">Encodes documents, and raw texts.</param>
/// <param name="Tiers">As retrieval.json lists them; one where it lists none.</param>
/// <param name="Default">Index of the tier that encodes a query when nothing says another.</param>
/// <param name="Weights">What the models share; null: nothing.</param>
internal sealed record OpenedModel(EncoderModel Documents, IReadOnlyList<OpenedTier> Tiers, int Default, SharedGraph? Weights) : IDisposable
{
    /// <summary>Name of the only tier of a model whose retrieval.json names none.</summary>
    public const string OnlyTier = "full";

    /// <summary>Opens a folder's models, and makes sure that each variant fits the space.</summary>
    /// <exception cref="ModelFormatException">Which file, what is wrong, the way out.</exception>
    /// <exception cref="PassRefusedException">A pass does not apply.</exception>
    public static OpenedModel Open(ModelOptions options, EncoderOptions encoder, ILogger logger)
    {
        ModelPlan plan = ModelPlan.Read(options);
        bool isCut = plan.File.Queries.Any(q => q.HasPasses);
        long before = isCut ? ResidentMemory.Native() : 0;
        OpenedModel plain = Plain(plan, isCut, encoder);
        List<OpenedTier> tiers = [];
        try
        {
            plain.Weights?.Trim();
            long whole = isCut ? ResidentMemory.Native() : 0;
            VariantOpening opening = new(plan, plain.Documents, plain.Weights, encoder);
            tiers.AddRange(plan.Variants.Select(opening.Open));
            OpenedModel opened = plain with { Tiers = TierOrder.Marked(tiers, plan.File.Default, plain.Documents.Description.Space.Dimensions, plan.File.File), Default = plan.File.Default };
            if (isCut)
            {
                plain.Weights?.Trim();
                opened.KeepOrClose(new TierMemory(Math.Max(whole - before, opened.Documents.Bytes), ResidentMemory.Native() - before, plain.Weights is not null), encoder, logger);
            }
            return opened;
        }
        catch
        {
            tiers.ForEach(t => t.Model?.Dispose());
            plain.Dispose();
            throw;
        }
    }

    /// <summary>The documents' model alone.</summary>
    /// <param name="plan">What is asked for.</param>
    /// <param name="isCut">Whether other graphs will be cut from its own: then weights are shared, where the provider can.</param>
    /// <param name="encoder">Provider, and folder of compiled graphs.</param>
    public static OpenedModel Plain(ModelPlan plan, bool isCut, EncoderOptions encoder)
    {
        SharedGraph? shared = isCut && ProviderChoice.IsProcessor(encoder.Provider) ? SharedGraph.Open(plan.Documents, plan.Passes, encoder) : null;
        EncoderModel? documents = null;
        try
        {
            documents = shared is null ? EncoderModel.Open(plan.Name, plan.Documents, plan.Passes, plan.MaxTokens, encoder)
                : Over(shared, new ModelParts(plan.Name, plan.Documents, plan.Passes, Tokenizer.Load(plan.Documents.Tokenizer), plan.MaxTokens), []);
            documents.Require(documents.TemplateOf(InputKind.Document), plan.File.File);
            return new OpenedModel(documents, [], 0, shared);
        }
        catch
        {
            documents?.Dispose();
            shared?.Dispose();
            throw;
        }
    }

    /// <summary>A model over shared weights.</summary>
    public static EncoderModel Over(SharedGraph shared, ModelParts parts, IReadOnlyList<UpgradePass> cut)
    {
        OpenedGraph graph = shared.Open(parts.Folder, parts.Passes, cut);
        try
        {
            return new EncoderModel(parts with { Passes = [.. parts.Passes, .. cut] }, graph);
        }
        catch
        {
            graph.Session.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of all graphs and weights, those of tiers that are closed until they are asked for included.</summary>
    public long Bytes => Documents.Bytes + Tiers.Select(t => t.Model).OfType<TierModel>().Distinct().Sum(m => m.Bytes);

    /// <summary>Sessions first: the weights must outlive them.</summary>
    public void Dispose()
    {
        foreach (OpenedTier tier in Tiers)
        {
            tier.Model?.Dispose();
        }
        Documents.Dispose();
        Weights?.Dispose();
    }

    private void KeepOrClose(TierMemory memory, EncoderOptions encoder, ILogger logger)
    {
        string names = string.Join(", ", Tiers.Select(t => t.Variant.Name));
        if (memory.IsShared && memory.IsWithin(encoder.TierMemory))
        {
            Log.TiersKept(logger, Documents.Name, names, memory.AllMebibytes, memory.WholeMebibytes);
            return;
        }
        foreach (OpenedTier tier in Tiers.Where((t, i) => t.Variant.HasPasses && t.Model != Tiers[Default].Model))
        {
            tier.Model?.Dispose();
        }
        Log.TiersOnDemand(logger, Documents.Name, names, memory.IsShared ? $"together they take {memory.AllMebibytes:F1} MiB and the full depth {memory.WholeMebibytes:F1} MiB, more than {encoder.TierMemory} times (Encoder:TierMemory)" : $"weights are shared on the processor alone, and the provider is {Documents.Description.Provider}");
    }

    /// <summary>Resident bytes of the full depth, and of all tiers with it.</summary>
    private sealed record TierMemory(long Whole, long All, bool IsShared)
    {
        private const double Mebibyte = 1 << 20;

        // What allocators and other threads move meanwhile; next to a small model it would decide.
        private const long Noise = 4 << 20;

        public bool IsWithin(double times) => times > 0 && (All <= times * Whole || All - Whole < Noise);

        public double WholeMebibytes => Whole / Mebibyte;

        public double AllMebibytes => All / Mebibyte;
    }
}

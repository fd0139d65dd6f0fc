using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>A tier as it answers: its model's queue and threads, which start when it is first asked for where it is opened on demand.</summary>
/// <param name="tier">What it is.</param>
/// <param name="lane">Of its model.</param>
internal sealed class ServedTier(OpenedTier tier, OnDemandLane lane)
{
    /// <summary>For callers.</summary>
    public TierDescription Description => tier.Description;

    /// <summary>Around a query.</summary>
    public TextTemplate Template => tier.Template;

    /// <summary>Whether its queries run on the documents' model, with the states of the same tokens.</summary>
    public bool IsOfDocuments => tier.Model is null;

    /// <summary>Its model with queue and threads.</summary>
    public Lane Lane => lane.Value;

    /// <summary>Tells tiers of one queue from those of another.</summary>
    public object Queue => lane;

    /// <summary>What waits for it; nothing where it is not open.</summary>
    public QueueState Waiting => lane.Started?.Queue.State(ofQueries: true) ?? default;

    /// <summary>First numbers of its model's vector that it gives, at unit length (Matryoshka, arXiv 2205.13147); null: all.</summary>
    public int? Dimensions => tier.Variant.Dimensions;
}

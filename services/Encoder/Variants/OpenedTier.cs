using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>A query variant whose model fits the space that it was admitted to.</summary>
/// <param name="Variant">As retrieval.json has it.</param>
/// <param name="Template">Around a query.</param>
/// <param name="Model">Null: the model of the documents.</param>
/// <param name="Description">For callers.</param>
internal sealed record OpenedTier(QueryVariant Variant, TextTemplate Template, TierModel? Model, TierDescription Description);

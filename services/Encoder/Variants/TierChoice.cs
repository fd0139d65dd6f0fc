using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>Which tier encodes a query: the one that it names, else by load; a full queue gives it to the next one down before anyone hears 429.</summary>
internal static class TierChoice
{
    /// <summary>The tiers to try, in order.</summary>
    /// <param name="served">The model.</param>
    /// <param name="wanted">Name in the request; null: by load.</param>
    /// <param name="options">From which load on.</param>
    /// <exception cref="RetrievalException">Invalid: no tier has that name.</exception>
    public static IReadOnlyList<ServedTier> Of(ServedModel served, string? wanted, EncoderOptions options)
    {
        if (wanted is not null)
        {
            return [served.Tiers.FirstOrDefault(t => t.Description.Name == wanted) ?? throw Unknown(served, wanted)];
        }
        ServedTier[] path = [.. served.Tiers.Where(t => t.Description.IsByLoad)];
        return path.Length == 1 ? path : path[Depth(path.Length, path.DistinctBy(t => t.Queue).Select(t => t.Waiting), options)..];
    }

    /// <summary>How many tiers to go down: one for each full measure of waiting queries, by their tokens or by the time of the oldest.</summary>
    public static int Depth(int tiers, IEnumerable<QueueState> waiting, EncoderOptions options)
    {
        QueueState[] queues = [.. waiting];
        double byTokens = options.ShedTokens == 0 ? 0 : (double)queues.Sum(q => q.Tokens) / options.ShedTokens, bySeconds = options.ShedSeconds == 0 ? 0 : queues.Max(q => q.OldestSeconds) / options.ShedSeconds;
        return (int)Math.Min(tiers - 1, Math.Max(byTokens, bySeconds));
    }

    private static RetrievalException Unknown(ServedModel served, string wanted) => new(ErrorKind.Invalid, $"Model {served.Description.Model} has no tier '{wanted}'.", "tier", wanted,
        string.Join(", ", served.Description.Tiers!.Select(t => t.Name)), "Name one of its tiers, or leave it out.");
}

using System.Globalization;

namespace Retrieval.Vectors.Advisor;

/// <summary>What the user needs; what is left out does not matter.</summary>
/// <param name="MaxBytes">For a vector.</param>
/// <param name="MinRecall">The lower end of the interval must reach it.</param>
/// <param name="MaxQueryMilliseconds">On one core.</param>
/// <param name="Rescored">Whether the candidates are scored again by the vectors themselves.</param>
public sealed record CodecNeeds(double? MaxBytes, double? MinRecall, double? MaxQueryMilliseconds, bool Rescored)
{
    /// <summary>Asked for when neither bytes nor recall are.</summary>
    public const double UsualRecall = 0.98;
}

/// <summary>The codec that fits the needs, and why; no codec when none does.</summary>
public sealed record CodecChoice(CodecTrial? Trial, string Reason)
{
    /// <summary>With a recall to reach, the fewest bytes that reach it. With bytes only, the highest recall; of those that are not surely worse, the fewest bytes.</summary>
    public static CodecChoice Of(IReadOnlyList<CodecTrial> trials, CodecNeeds needs)
    {
        double? recall = needs.MinRecall ?? (needs.MaxBytes is null ? CodecNeeds.UsualRecall : null);
        SearchTrial Search(CodecTrial trial) => needs.Rescored ? trial.Rescored : trial.Plain;
        List<CodecTrial> affordable = [.. trials.Where(t => t.BytesAVector <= (needs.MaxBytes ?? double.MaxValue) && Search(t).QueryMilliseconds <= (needs.MaxQueryMilliseconds ?? double.MaxValue))];
        if (affordable.Count == 0)
        {
            return new CodecChoice(null, $"No codec that was measured stays within {Limits(needs)}. Allow more.");
        }
        CodecTrial best = affordable.MaxBy(t => Search(t).Recall.Value)!;
        double least = recall ?? Search(best).Recall.Low;
        List<CodecTrial> good = [.. affordable.Where(t => recall is null ? Search(t).Recall.Value >= least : Search(t).Recall.Low >= least)];
        if (good.Count == 0)
        {
            return new CodecChoice(null, Text($"No codec{(Limits(needs) is { Length: > 0 } limits ? $" within {limits}" : "")} surely has a recall@10 of {least}: the best is {best.Codec} with {Search(best).Recall.Value:0.000} ({Search(best).Recall.Low:0.000} to {Search(best).Recall.High:0.000}). Ask for less, allow more bytes, or measure with more queries."));
        }
        CodecTrial chosen = good.OrderBy(t => Math.Round(t.BytesAVector, 1)).ThenByDescending(t => Search(t).Recall.Value).ThenBy(t => Search(t).QueryMilliseconds).First();
        return new CodecChoice(chosen, recall is null
            ? Text($"the fewest bytes among those whose recall is not surely below that of the best, {best.Codec}")
            : Text($"the fewest bytes among those whose recall@10 is at least {least}, lower end of the interval"));
    }

    private static string Limits(CodecNeeds needs) => string.Join(" and ", new[]
    {
        needs.MaxBytes is { } bytes ? Text($"{bytes} bytes a vector") : "", needs.MaxQueryMilliseconds is { } ms ? Text($"{ms} ms a query") : "",
    }.Where(l => l.Length > 0));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

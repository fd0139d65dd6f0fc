using Retrieval.Contracts;
using Retrieval.Tests.Data;

namespace Retrieval.Quality.Data;

/// <summary>The texts that answer a question of xquad, and where they stand in its paragraph.</summary>
internal sealed record Answer(string Document, (string Text, int Start)[] Spans)
{
    /// <summary>By question.</summary>
    public static Dictionary<string, Answer> Read() => EvaluationSet.Rows(Path.Combine(Shared.Require("eval", "xquad"), "answers.jsonl")).ToDictionary(r => r.GetProperty("_id").GetString()!, r => new Answer(
        r.GetProperty("document").GetString()!, [.. r.GetProperty("answers").EnumerateArray().Select(a => (a.GetProperty("text").GetString()!, a.GetProperty("start").GetInt32()))]));

    public bool IsIn(string text) => Spans.Any(s => text.Contains(s.Text, StringComparison.Ordinal));

    public bool IsIn(Citation citation) => citation.Document == Document && Spans.Any(s => citation.Start <= s.Start && s.Start + s.Text.Length <= citation.End);
}

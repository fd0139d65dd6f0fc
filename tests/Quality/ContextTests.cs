using Retrieval.Contracts;
using Retrieval.Gateway;
using Retrieval.Quality.Data;
using Retrieval.Quality.Measures;
using Retrieval.Quality.Product;
using Retrieval.Tests.Data;

namespace Retrieval.Quality;

/// <summary>Whether the answer to a question is still in the context that the product gives within a budget, over all paragraphs of xquad.</summary>
public sealed class ContextTests(Server server, ResultTable results, ITestOutputHelper output)
{
    [Theory]
    [InlineData(25, 0.14)]
    [InlineData(50, 0.61)]
    [InlineData(100, 0.86)]
    [InlineData(200, 0.95)]
    public async Task Answers_survive_in_the_context_and_the_budget_holds(int maxTokens, double leastShare)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        EvaluationSet set = await server.IndexAsync("xquad", cancellationToken);
        QueryPipeline pipeline = server.Pipeline();
        Dictionary<string, Answer> answers = Answers();
        int texts = 0, places = 0, tokens = 0;
        foreach (Question question in set.Questions)
        {
            SearchResponse response = await pipeline.SearchAsync(set.Name, new SearchRequest { Query = question.Text, Context = new ContextRequest { MaxTokens = maxTokens } }, cancellationToken);
            ContextAnswer context = response.Context!;
            context.Tokens.ShouldBeLessThanOrEqualTo(maxTokens, question.Text);
            tokens += context.Tokens;
            texts += answers[question.Id].Texts.Any(t => context.Text.Contains(t, StringComparison.Ordinal)) ? 1 : 0;
            places += context.Citations.Any(answers[question.Id].IsIn) ? 1 : 0;
        }
        double share = (double)texts / set.Questions.Count, place = (double)places / set.Questions.Count, used = (double)tokens / set.Questions.Count;
        output.WriteLine($"{maxTokens} tokens: answer text in {share:0.000} of the contexts, its own place cited in {place:0.000}, {used:0.0} tokens used");
        results.Add("Context, share of questions whose answer survives (xquad, best 10 passages)", ["budget, tokens", "answer's text", "answer's own place", "tokens used"], $"{maxTokens,3}", share, place, $"{used:0.0}");
        share.ShouldBeGreaterThanOrEqualTo(leastShare);
    }

    private static Dictionary<string, Answer> Answers() => EvaluationSet.Rows(Path.Combine(Shared.Require("eval", "xquad"), "answers.jsonl")).ToDictionary(r => r.GetProperty("_id").GetString()!, r => new Answer(
        r.GetProperty("document").GetString()!, [.. r.GetProperty("answers").EnumerateArray().Select(a => (a.GetProperty("text").GetString()!, a.GetProperty("start").GetInt32()))]));

    /// <summary>The texts that answer a question, and where they stand in its paragraph.</summary>
    private sealed record Answer(string Document, (string Text, int Start)[] Spans)
    {
        public IEnumerable<string> Texts => Spans.Select(s => s.Text);

        public bool IsIn(Citation citation) => citation.Document == Document && Spans.Any(s => citation.Start <= s.Start && s.Start + s.Text.Length <= citation.End);
    }
}

using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Gateway;
using Retrieval.Quality.Data;
using Retrieval.Quality.Measures;
using Retrieval.Quality.Product;

namespace Retrieval.Quality;

/// <summary>Whether the answer to a question of xquad is still in the context within a budget, against plain ways to fill it and an oracle that knows the answer.</summary>
public sealed class ContextTests(Server server, ResultTable results, ITestOutputHelper output)
{
    private const string Oracle = "oracle of whole sentences";

    [Theory]
    [InlineData(25, 0.50)]
    [InlineData(50, 0.77)]
    [InlineData(100, 0.91)]
    [InlineData(200, 0.96)]
    public async Task Answers_survive_in_the_context_and_the_budget_holds(int maxTokens, double leastShare)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        EvaluationSet set = await server.IndexAsync("xquad", cancellationToken);
        QueryPipeline pipeline = server.Pipeline();
        Dictionary<string, Answer> answers = Answer.Read();
        int texts = 0, places = 0, tokens = 0;
        foreach (Question question in set.Questions)
        {
            SearchResponse response = await pipeline.SearchAsync(set.Name, new SearchRequest { Query = question.Text, Context = new ContextRequest { MaxTokens = maxTokens } }, cancellationToken);
            ContextAnswer context = response.Context!;
            context.Tokens.ShouldBeLessThanOrEqualTo(maxTokens, question.Text);
            tokens += context.Tokens;
            texts += answers[question.Id].IsIn(context.Text) ? 1 : 0;
            places += context.Citations.Any(answers[question.Id].IsIn) ? 1 : 0;
        }
        double share = (double)texts / set.Questions.Count, place = (double)places / set.Questions.Count, used = (double)tokens / set.Questions.Count;
        output.WriteLine($"{maxTokens} tokens: answer text in {share:0.000} of the contexts, its own place cited in {place:0.000}, {used:0.0} tokens used");
        results.Add("Context, share of questions whose answer survives (xquad, best 10 passages)", ["budget, tokens", "answer's text", "answer's own place", "tokens used"], $"{maxTokens,3}", share, place, $"{used:0.0}");
        share.ShouldBeGreaterThanOrEqualTo(leastShare);
    }

    [Theory]
    [InlineData("best 10 passages of all", 25, 0)]
    [InlineData("best 10 passages of all", 50, 0.85)]
    [InlineData("best 10 passages of all", 100, 0.90)]
    [InlineData("best 10 passages of all", 200, 0.90)]
    [InlineData("its article's paragraphs", 25, 0)]
    [InlineData("its article's paragraphs", 50, 0.85)]
    [InlineData("its article's paragraphs", 100, 0.90)]
    [InlineData("its article's paragraphs", 200, 0.90)]
    [InlineData("its own paragraph", 0, 0.85)]
    public async Task No_plain_way_keeps_more_answers_and_an_oracle_keeps_little_more(string where, int maxTokens, double leastOfOracle)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        EvaluationSet set = await server.IndexAsync("xquad", cancellationToken);
        Dictionary<string, Answer> answers = Answer.Read();
        PlainContexts plain = new(server.Encoder, server.Tokenizer);
        ContextCompressor compressor = server.Compressor();
        SortedDictionary<string, List<double>> kept = new(StringComparer.Ordinal) { ["ours"] = [] };
        foreach (Question question in set.Questions)
        {
            string[] passages = await PassagesAsync(where, set, question, answers[question.Id], cancellationToken);
            int budget = maxTokens > 0 ? maxTokens : server.Tokenizer.Count(passages[0]) / 2;
            CompressResult ours = await compressor.CompressAsync(new CompressRequest([.. passages.Select(p => new CompressPassage(p))], budget, question.Text), cancellationToken);
            kept["ours"].Add(answers[question.Id].IsIn(ours.Text) ? 1 : 0);
            foreach ((string name, string text) in await plain.AllAsync(question.Text, passages, budget, answers[question.Id].IsIn, cancellationToken))
            {
                kept.TryAdd(name, []);
                kept[name].Add(answers[question.Id].IsIn(text) ? 1 : 0);
            }
        }
        foreach ((string name, List<double> share) in kept)
        {
            MeanInterval gain = Bootstrap.Mean([.. kept["ours"].Zip(share, (a, b) => a - b)], 17);
            results.Add("Context against plain ways, share of questions whose answer is kept (xquad)", ["passages", "budget, tokens", "way", "answers kept", "ours minus it, 95 % interval"],
                where, maxTokens > 0 ? $"{maxTokens,3}" : "half", name, share.Average(), name == "ours" ? "" : $"{gain.Low:0.000} to {gain.High:0.000}");
            output.WriteLine($"{where}, {maxTokens}: {name} {share.Average():0.000} ({gain.Low:0.000} to {gain.High:0.000})");
            (name == Oracle || gain.High >= 0).ShouldBeTrue($"{name} keeps more");
        }
        (kept["ours"].Average() / kept[Oracle].Average()).ShouldBeGreaterThanOrEqualTo(leastOfOracle);
    }

    [Fact]
    public async Task Pruning_keeps_more_answers_than_random_words_and_than_stop_words_at_the_same_ratio()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        EvaluationSet set = await server.IndexAsync("xquad", cancellationToken);
        Dictionary<string, Answer> answers = Answer.Read();
        Dictionary<string, string> texts = set.Corpus.ToDictionary(p => p.Id, p => p.Text);
        foreach (string ratio in (string[])["0.1", "0.2", "all stop words"])
        {
            SortedDictionary<string, List<double>> kept = new(StringComparer.Ordinal) { ["ours"] = [], ["random words"] = [], ["stop words"] = [] };
            foreach (Question question in set.Questions)
            {
                Answer answer = answers[question.Id];
                if (Sentence.Split([texts[answer.Document]]).FirstOrDefault(s => answer.IsIn(texts[answer.Document][s.Start..s.End])) is { End: > 0 } sentence)
                {
                    await PruneAsync(kept, ratio, sentence, texts[answer.Document], answer, cancellationToken);
                }
            }
            foreach ((string name, List<double> share) in kept)
            {
                MeanInterval gain = Bootstrap.Mean([.. kept["ours"].Zip(share, (a, b) => a - b)], 17);
                results.Add("Pruned words, share of answers still whole in their sentence (xquad)", ["words left out", "by", "answers kept", "ours minus it, 95 % interval"],
                    ratio, name, share.Average(), name == "ours" ? "" : $"{gain.Low:0.000} to {gain.High:0.000}");
                output.WriteLine($"{ratio}: {name} {share.Average():0.000} ({gain.Low:0.000} to {gain.High:0.000})");
                (name == "ours" || gain.Value > 0).ShouldBeTrue($"{name} keeps as many");
            }
        }
    }

    /// <summary>One sentence, the same number of words left out each way. Stop words come in any order, since the answer stands rarely in front.</summary>
    private async Task PruneAsync(SortedDictionary<string, List<double>> kept, string ratio, Sentence sentence, string passage, Answer answer, CancellationToken cancellationToken)
    {
        Pick[] picks = [Pick.Whole(sentence)];
        Random random = new(sentence.Start + passage.Length);
        WordPruning.Candidate[] all = [.. WordSpans(passage, sentence)];
        random.Shuffle(all);
        WordPruning.Candidate[] stops = [.. all.Where(w => StopWords.Contains(passage.AsSpan(w.Start, w.End - w.Start)))];
        int gone = double.TryParse(ratio, System.Globalization.CultureInfo.InvariantCulture, out double share) ? (int)(share * all.Length) : stops.Length;
        void Add(string name, IEnumerable<WordPruning.Candidate> order)
        {
            Pick left = WordPruning.Without(picks[0], passage, order.Take(gone));
            kept[name].Add(answer.IsIn(string.Join(' ', left.Spans!.Select(s => passage[s.Start..s.End]))) ? 1 : 0);
        }
        List<WordPruning.Candidate> ranked = await new WordPruning(server.Encoder).RankAsync(picks, [passage], new ProtectedSpans(null), null, cancellationToken);
        Add("ours", ranked.Concat(all.Where(w => !ranked.Exists(r => r.Start == w.Start))));
        Add("random words", all);
        Add("stop words", stops.Concat(all.Except(stops)));
    }

    private static IEnumerable<WordPruning.Candidate> WordSpans(string passage, Sentence sentence)
    {
        for (int start = sentence.Start, i = sentence.Start; i <= sentence.End; i++)
        {
            if (i == sentence.End || char.IsWhiteSpace(passage[i]))
            {
                if (i > start)
                {
                    yield return new WordPruning.Candidate(0, start, i, 0);
                }
                start = i + 1;
            }
        }
    }

    private async Task<string[]> PassagesAsync(string where, EvaluationSet set, Question question, Answer answer, CancellationToken cancellationToken)
    {
        if (where == "its own paragraph")
        {
            return [set.Corpus.First(p => p.Id == answer.Document).Text];
        }
        SearchResponse found = await server.Pipeline().SearchAsync(set.Name, new SearchRequest { Query = question.Text, Top = 200 }, cancellationToken);
        string article = Article(answer.Document);
        return where == "its article's paragraphs" ? [.. found.Hits.Where(h => Article(h.Document) == article).Select(h => h.Text)] : [.. found.Hits.Take(10).Select(h => h.Text)];
    }

    private static string Article(string document) => document[..document.LastIndexOf('-')];
}

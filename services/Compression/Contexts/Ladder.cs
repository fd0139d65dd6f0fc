using System.Diagnostics;
using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Compression;

/// <summary>The rungs of one request: does each, and notes what it left and took.</summary>
internal sealed class Ladder(string[] passages, Tokenizer tokenizer, int budget)
{
    private readonly List<Rung> _rungs = [];

    /// <summary>Counts the budget.</summary>
    public Tokenizer Tokenizer => tokenizer;

    /// <summary>In the order of their doing.</summary>
    public IReadOnlyList<Rung> Rungs => _rungs;

    /// <summary>Tokens of whole sentences, printed.</summary>
    public int Tokens(IEnumerable<Sentence> sentences) => Tokens(sentences.Select(Pick.Whole));

    /// <summary>A rung that leaves out sentences.</summary>
    public Ranked Step(string name, Ranked ranked, Func<Ranked, Ranked> step, long? since = null)
    {
        long began = since ?? Stopwatch.GetTimestamp();
        Ranked left = step(ranked);
        Note(name, Tokens(ranked.Sentences), Tokens(left.Sentences), began);
        return left;
    }

    /// <summary>The rung that fills the budget.</summary>
    public List<Pick> Choose(Ranked ranked, Selection selection)
    {
        long began = Stopwatch.GetTimestamp();
        List<Pick> picks = selection.Choose();
        Note("sentences", Tokens(ranked.Sentences), Tokens(picks), began);
        return picks;
    }

    /// <summary>The rung that leaves out words, the least important first, until the budget holds, and at most a share of each sentence.</summary>
    public async Task<List<Pick>> PruneAsync(List<Pick> picks, Func<Task<List<WordPruning.Candidate>>> rank, double most)
    {
        long began = Stopwatch.GetTimestamp();
        List<WordPruning.Candidate> gone = (await rank()).FindAll(c => c.Rank <= most);
        int few = 0, many = gone.Count; // the fewest words without which the budget holds
        while (few < many)
        {
            int half = (few + many) / 2;
            (few, many) = Tokens(Without(picks, gone[..half])) <= budget ? (few, half) : (half + 1, many);
        }
        List<Pick> left = Without(picks, gone[..few]);
        Note("words", Tokens(picks), Tokens(left), began);
        return left;
    }

    /// <summary>The text, without the picks of least worth that are over the budget after all.</summary>
    public (ContextText Text, int Tokens) Fit(List<Pick> picks)
    {
        for (List<Pick> chosen = [.. picks]; ; chosen.RemoveAt(chosen.Count - 1))
        {
            ContextText text = ContextText.Of(chosen, passages);
            int tokens = tokenizer.Count(text.Text);
            if (tokens <= budget)
            {
                return (text, tokens);
            }
        }
    }

    private List<Pick> Without(List<Pick> picks, List<WordPruning.Candidate> gone)
    {
        ILookup<int, WordPruning.Candidate> byPick = gone.ToLookup(c => c.Pick);
        return [.. picks.Select((p, i) => byPick.Contains(i) ? WordPruning.Without(p, passages[p.Sentence.Passage], byPick[i]) : p)];
    }

    private int Tokens(IEnumerable<Pick> picks) => tokenizer.Count(ContextText.Of(picks, passages).Text);

    private void Note(string name, int before, int after, long began) => _rungs.Add(new Rung(name, before, after, Math.Round(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 3)));
}

using System.Globalization;
using Retrieval.Tokenization;

namespace Retrieval.Compression;

/// <summary>
/// The third rung: sentences, best first, until the budget is full. White space and brackets part sentences and markers, so their tokens add up and nothing is printed
/// to find out what it costs; the caller counts the printed text again.
/// </summary>
internal sealed class Selection(Ranked ranked, IReadOnlyList<string> passages, Tokenizer tokenizer, Fragment fragments, int budget)
{
    /// <summary>A fragment of less says too little beside other sentences.</summary>
    private const int LeastFragment = 8;

    private readonly Dictionary<(int Passage, int Ordinal), Pick> _taken = [];
    private readonly Dictionary<(int Passage, int Ordinal), int> _index = Enumerable.Range(0, ranked.Sentences.Count).ToDictionary(i => (ranked.Sentences[i].Passage, ranked.Sentences[i].Ordinal));
    private readonly int[] _tokens = [.. ranked.Sentences.Select(s => tokenizer.Count(s.In(passages)))];
    private readonly List<int> _markers = [0]; // tokens of the first n markers
    private readonly List<Pick> _chosen = [];
    private int _words, _citations;

    /// <summary>In the order of their worth.</summary>
    public List<Pick> Choose()
    {
        int[] order = [.. Enumerable.Range(0, ranked.Scores.Length).OrderByDescending(i => ranked.Scores[i]).ThenBy(i => i)];
        for (int at = 0; at < order.Length; at++)
        {
            if (TryWhole(order[at]))
            {
                BringAntecedent(ranked.Sentences[order[at]]);
            }
            else if (!_taken.ContainsKey(Key(ranked.Sentences[order[at]])))
            {
                TryFragment(order, at);
            }
        }
        return _chosen;
    }

    private static (int, int) Key(Sentence sentence) => (sentence.Passage, sentence.Ordinal);

    private bool TryWhole(int i)
    {
        Sentence sentence = ranked.Sentences[i];
        // A neighbour's citation takes it in; between two it joins theirs and saves a marker.
        int citations = _citations + 1 - Neighbour(sentence, -1) - Neighbour(sentence, 1);
        if (_taken.ContainsKey(Key(sentence)) || _words + _tokens[i] + Markers(citations) > budget)
        {
            return false;
        }
        Take(Pick.Whole(sentence), _tokens[i], citations);
        return true;
    }

    /// <summary>A sentence that begins with a pronoun brings what it points back to.</summary>
    private void BringAntecedent(Sentence sentence)
    {
        if (Pronouns.Begin(sentence.In(passages)) && _index.TryGetValue((sentence.Passage, sentence.Ordinal - 1), out int before))
        {
            TryWhole(before);
        }
    }

    /// <summary>A part of a sentence that does not fit, where that part alone answers better than the next whole sentence that fits.</summary>
    private void TryFragment(int[] order, int at)
    {
        Sentence sentence = ranked.Sentences[order[at]];
        int room = budget - _words - Markers(_citations + 1);
        if (room < (_chosen.Count == 0 ? 1 : LeastFragment) || fragments.Best(sentence, ranked.Matches.GetValueOrDefault(sentence.Passage), room, words: _chosen.Count == 0) is not { } best)
        {
            return;
        }
        double match = ranked.Matches.GetValueOrDefault(sentence.Passage)?.Score(sentence.Start, sentence.End) ?? 0, score = ranked.Scores[order[at]] + best.Score - match;
        int next = Array.FindIndex(order, at + 1, i => !_taken.ContainsKey(Key(ranked.Sentences[i])) && _tokens[i] <= room);
        if (next < 0 || score >= ranked.Scores[order[next]])
        {
            Take(best.Pick, best.Tokens, _citations + 1);
        }
    }

    private void Take(Pick pick, int tokens, int citations)
    {
        (_words, _citations) = (_words + tokens, citations);
        _taken.Add(Key(pick.Sentence), pick);
        _chosen.Add(pick);
    }

    private int Neighbour(Sentence sentence, int step) => _taken.TryGetValue((sentence.Passage, sentence.Ordinal + step), out Pick? pick) && (step < 0 ? pick.End == pick.Sentence.End : pick.Start == pick.Sentence.Start) ? 1 : 0;

    private int Markers(int citations)
    {
        while (_markers.Count <= citations)
        {
            _markers.Add(_markers[^1] + tokenizer.Count(string.Create(CultureInfo.InvariantCulture, $"[{_markers.Count}]")));
        }
        return _markers[citations];
    }
}

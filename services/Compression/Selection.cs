using System.Globalization;
using Retrieval.Tokenization;

namespace Retrieval.Compression;

/// <summary>
/// Sentences that fit a budget together. White space and brackets part sentences and markers, so their tokens add up and nothing is printed
/// to find out what it costs.
/// </summary>
internal sealed class Selection(Tokenizer tokenizer, int budget)
{
    private readonly HashSet<(int Passage, int Ordinal)> _taken = [];
    private readonly List<int> _markers = [0]; // tokens of the first n markers
    private int _words, _spans;

    /// <summary>In the order of their adding.</summary>
    public List<Sentence> Chosen { get; } = [];

    /// <summary>Takes a sentence unless the budget is too small for it.</summary>
    /// <param name="sentence">One that is not taken yet.</param>
    /// <param name="tokens">Tokens of its words.</param>
    public bool TryAdd(Sentence sentence, int tokens)
    {
        // A neighbour's span takes it in; between two it joins theirs and saves a marker.
        int spans = _spans + 1 - Neighbour(sentence, -1) - Neighbour(sentence, 1);
        if (_words + tokens + Markers(spans) > budget)
        {
            return false;
        }
        (_words, _spans) = (_words + tokens, spans);
        _taken.Add((sentence.Passage, sentence.Ordinal));
        Chosen.Add(sentence);
        return true;
    }

    private int Neighbour(Sentence sentence, int step) => _taken.Contains((sentence.Passage, sentence.Ordinal + step)) ? 1 : 0;

    private int Markers(int spans)
    {
        while (_markers.Count <= spans)
        {
            _markers.Add(_markers[^1] + tokenizer.Count(string.Create(CultureInfo.InvariantCulture, $"[{_markers.Count}]")));
        }
        return _markers[spans];
    }
}

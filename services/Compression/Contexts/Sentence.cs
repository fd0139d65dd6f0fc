using Retrieval.Tokenization;

namespace Retrieval.Compression;

/// <summary>A sentence of a passage.</summary>
/// <param name="Passage">Index of the passage in the request.</param>
/// <param name="Ordinal">Its number within the passage.</param>
/// <param name="Start">First UTF-16 index in the passage.</param>
/// <param name="End">Index after the last.</param>
internal readonly record struct Sentence(int Passage, int Ordinal, int Start, int End)
{
    /// <summary>The sentences of all passages, in order.</summary>
    public static List<Sentence> Split(IReadOnlyList<string> passages)
    {
        List<Sentence> sentences = [];
        for (int p = 0; p < passages.Count; p++)
        {
            int ordinal = 0;
            foreach ((int start, int end) in SentenceSplitter.Split(passages[p]))
            {
                sentences.Add(new Sentence(p, ordinal++, start, end));
            }
        }
        return sentences;
    }

    /// <summary>Those that hold most of the query's rare words, at most <paramref name="limit"/>, earlier passages first where they hold the same; in order.</summary>
    public static List<Sentence> Likely(List<Sentence> sentences, IReadOnlyList<string> passages, string? query, int limit)
    {
        double[] overlap = query is null ? new double[sentences.Count] : WordOverlap.Score(query, [.. sentences.Select(s => s.In(passages).ToString())]);
        return [.. Enumerable.Range(0, sentences.Count).OrderByDescending(i => overlap[i]).Take(limit).Order().Select(i => sentences[i])];
    }

    public ReadOnlySpan<char> In(IReadOnlyList<string> passages) => passages[Passage].AsSpan(Start, End - Start);
}

using Retrieval.Tokenization;

namespace Retrieval.Compression;

/// <summary>A sentence of a passage.</summary>
/// <param name="Passage">Index of the passage in the request.</param>
/// <param name="Ordinal">Its number within the passage.</param>
/// <param name="Start">First UTF-16 index in the passage.</param>
/// <param name="End">Index after the last.</param>
internal readonly record struct Sentence(int Passage, int Ordinal, int Start, int End)
{
    /// <summary>The sentences of all passages, at most <paramref name="limit"/>, in order.</summary>
    public static List<Sentence> Split(IReadOnlyList<string> passages, int limit)
    {
        List<Sentence> sentences = [];
        for (int p = 0; p < passages.Count && sentences.Count < limit; p++)
        {
            int ordinal = 0;
            foreach ((int start, int end) in SentenceSplitter.Split(passages[p]))
            {
                sentences.Add(new Sentence(p, ordinal++, start, end));
            }
        }
        return sentences.Count > limit ? sentences[..limit] : sentences;
    }

    public ReadOnlySpan<char> In(IReadOnlyList<string> passages) => passages[Passage].AsSpan(Start, End - Start);
}

using System.Numerics.Tensors;
using Retrieval.Contracts;

namespace Retrieval.Compression;

/// <summary>
/// The last rung: words whose absence moves a sentence's vector least (TCRA-LLM, Liu et al., Findings of EMNLP 2023: l_i = |E(s) - E(s without word i)|, each word left out of the whole sentence).
/// Unlike there, protected words always stay, sentences of three words are left alone, and ties are broken by position, so that a share is met within one word.
/// </summary>
internal sealed class WordPruning(IEncoder encoder)
{
    /// <summary>Texts in one call to the encoder.</summary>
    private const int TextsAtOnce = 512;

    private const int LeastWords = 4;

    /// <summary>Of two unit vectors.</summary>
    private const double FarthestApart = 2;

    /// <summary>A word of a pick that may go.</summary>
    /// <param name="Pick">Index of the pick.</param>
    /// <param name="Start">First UTF-16 index in the passage.</param>
    /// <param name="End">Index after the last.</param>
    /// <param name="Rank">Its place by importance within its sentence, as a share of all words there: the least goes first.</param>
    internal sealed record Candidate(int Pick, int Start, int End, double Rank);

    /// <summary>Words that may go, the least important first.</summary>
    public async Task<List<Candidate>> RankAsync(IReadOnlyList<Pick> picks, IReadOnlyList<string> passages, ProtectedSpans protectedSpans, string? model, CancellationToken cancellationToken)
    {
        List<Sentenced> sentences = [.. picks.Select((p, i) => Sentenced.Of(i, p, passages, protectedSpans))];
        string[] texts = [.. sentences.SelectMany(s => s.Texts)];
        List<float[]> vectors = [];
        foreach (string[] some in texts.Chunk(TextsAtOnce))
        {
            vectors.AddRange((await encoder.EmbedAsync(new EmbedRequest(some, InputKind.Document, model), cancellationToken)).Vectors);
        }
        List<Candidate> candidates = [];
        int at = 0;
        foreach (Sentenced sentence in sentences.Where(s => s.Free.Count > 0))
        {
            float[] whole = vectors[at++];
            double[] loss = [.. sentence.Free.Select(_ => (double)TensorPrimitives.Distance<float>(whole, vectors[at++]))];
            // A word of grammar goes before any other, though its absence may move the vector as far as a name's does; one inside a name ("University of California") goes with the name.
            candidates.AddRange(Ranks(sentence, [.. loss.Select((l, i) => IsStopWord(sentence.Free[i], picks[sentence.Pick], passages) && !IsInName(sentence.Free[i], picks[sentence.Pick], passages) ? l : l + FarthestApart)]));
        }
        return [.. candidates.OrderBy(c => c.Rank)];
    }

    /// <summary>What is encoded for a pick: it, and it without each word that may go.</summary>
    internal static IEnumerable<string> Texts(Pick pick, IReadOnlyList<string> passages, ProtectedSpans protectedSpans) => Sentenced.Of(0, pick, passages, protectedSpans).Texts;

    /// <summary>Stop words, in order: for when the encoder is not worth its time.</summary>
    public static List<Candidate> StopWordsOf(IReadOnlyList<Pick> picks, IReadOnlyList<string> passages, ProtectedSpans protectedSpans) =>
        [.. picks.SelectMany((p, i) =>
        {
            Sentenced sentence = Sentenced.Of(i, p, passages, protectedSpans);
            return Ranks(sentence with { Free = sentence.Free.FindAll(w => IsStopWord(w, p, passages)) }, null);
        }).OrderBy(c => c.Rank)];

    /// <summary>What is left of a pick.</summary>
    public static Pick Without(Pick pick, string passage, IEnumerable<Candidate> gone)
    {
        List<(int Start, int End)> spans = [];
        int start = pick.Start;
        foreach (Candidate word in gone.OrderBy(w => w.Start))
        {
            Add(spans, passage, start, word.Start);
            start = word.End;
        }
        Add(spans, passage, start, pick.End);
        return pick with { Spans = spans };
    }

    private static bool IsStopWord((int Start, int End) word, Pick pick, IReadOnlyList<string> passages) => StopWords.Contains(passages[pick.Sentence.Passage].AsSpan(word.Start, word.End - word.Start));

    /// <summary>Between two words that begin with a capital, the first of them not the sentence's first.</summary>
    private static bool IsInName((int Start, int End) word, Pick pick, IReadOnlyList<string> passages)
    {
        string text = passages[pick.Sentence.Passage];
        int before = word.Start > pick.Start + 1 ? text.LastIndexOf(' ', word.Start - 2) + 1 : 0;
        return before > pick.Start && char.IsUpper(text[before]) && char.IsLetterOrDigit(text[word.Start - 2]) && word.End + 1 < pick.End && char.IsUpper(text[word.End + 1]);
    }

    private static void Add(List<(int Start, int End)> spans, string passage, int start, int end)
    {
        while (start < end && char.IsWhiteSpace(passage[start]))
        {
            start++;
        }
        while (end > start && char.IsWhiteSpace(passage[end - 1]))
        {
            end--;
        }
        if (end > start)
        {
            spans.Add((start, end));
        }
    }

    private static IEnumerable<Candidate> Ranks(Sentenced sentence, double[]? loss)
    {
        int[] order = [.. Enumerable.Range(0, sentence.Free.Count)];
        if (loss is not null)
        {
            Array.Sort([.. loss.Select((l, i) => (l, i))], order);
        }
        return order.Select((word, rank) => new Candidate(sentence.Pick, sentence.Free[word].Start, sentence.Free[word].End, (rank + 1.0) / sentence.Words));
    }

    /// <summary>A pick by its words.</summary>
    /// <param name="Pick">Its index.</param>
    /// <param name="Words">All of them.</param>
    /// <param name="Free">Those that may go, in passage indexes.</param>
    /// <param name="Texts">The whole, then the whole without each free word.</param>
    private sealed record Sentenced(int Pick, int Words, List<(int Start, int End)> Free, IEnumerable<string> Texts)
    {
        public static Sentenced Of(int index, Pick pick, IReadOnlyList<string> passages, ProtectedSpans protectedSpans)
        {
            string text = passages[pick.Sentence.Passage][pick.Start..pick.End];
            List<(int Start, int End)> words = [.. Split(text)], kept = protectedSpans.In(text);
            List<(int Start, int End)> free = words.Count < LeastWords ? [] : words.FindAll(w => !kept.Exists(k => k.Start < w.End && w.Start < k.End));
            return new Sentenced(index, words.Count, [.. free.Select(w => (w.Start + pick.Start, w.End + pick.Start))],
                free.Count == 0 ? [] : free.Select(w => string.Concat(text.AsSpan(0, w.Start), text.AsSpan(Math.Min(text.Length, w.End + 1)))).Prepend(text));
        }

        private static IEnumerable<(int Start, int End)> Split(string text)
        {
            for (int start = 0, i = 0; i <= text.Length; i++)
            {
                if (i == text.Length || char.IsWhiteSpace(text[i]))
                {
                    if (i > start)
                    {
                        yield return (start, i);
                    }
                    start = i + 1;
                }
            }
        }
    }
}

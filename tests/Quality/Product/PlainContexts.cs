using System.Numerics.Tensors;
using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Quality.Product;

/// <summary>What a context is compared with: the plain ways to fill a budget, printed and counted like ours, and the best that whole sentences can do.</summary>
internal sealed class PlainContexts(IEncoder encoder, Tokenizer tokenizer)
{
    private const double K1 = 1.2, B = 0.75;
    private readonly Random _random = new(5);

    /// <summary>The ways by name.</summary>
    public async Task<IReadOnlyDictionary<string, string>> AllAsync(string query, string[] passages, int budget, Func<string, bool> isAnswered, CancellationToken cancellationToken)
    {
        List<Sentence> sentences = Sentence.Split(passages);
        string[] texts = [.. sentences.Select(s => s.In(passages).ToString())];
        EmbedResult vectors = await encoder.EmbedAsync(new EmbedRequest(texts), cancellationToken);
        float[] q = (await encoder.EmbedAsync(new EmbedRequest([query], InputKind.Query), cancellationToken)).Vectors[0];
        return new Dictionary<string, string>
        {
            ["truncation of the best passage"] = Truncated(passages[0], budget),
            ["best sentences by bm25"] = Filled(sentences, passages, Bm25(query, texts), budget),
            ["best sentences by cosine"] = Filled(sentences, passages, [.. vectors.Vectors.Select(v => (double)TensorPrimitives.Dot<float>(q, v))], budget),
            ["random sentences"] = Filled(sentences, passages, [.. sentences.Select(_ => _random.NextDouble())], budget),
            ["oracle of whole sentences"] = Filled(sentences, passages, [.. texts.Select(t => isAnswered(t) ? 1.0 / t.Length : 0)], budget),
        };
    }

    private string Truncated(string passage, int budget)
    {
        int room = budget - tokenizer.Count("[1]");
        return room < 1 ? "" : $"[1] {passage[..tokenizer.SplitAtBudget(passage, room)[0].End]}";
    }

    private string Filled(List<Sentence> sentences, string[] passages, double[] scores, int budget)
    {
        List<Pick> chosen = [];
        string text = "";
        foreach (int i in Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i]).ThenBy(i => i))
        {
            string longer = ContextText.Of(chosen.Append(Pick.Whole(sentences[i])), passages).Text;
            if (tokenizer.Count(longer) <= budget)
            {
                chosen.Add(Pick.Whole(sentences[i]));
                text = longer;
            }
        }
        return text;
    }

    /// <summary>Okapi bm25 (Robertson and Zaragoza 2009) over the sentences at hand.</summary>
    private static double[] Bm25(string query, string[] texts)
    {
        string[][] words = [.. texts.Select(t => Words.In(t).ToArray())];
        double mean = words.Average(w => w.Length);
        Dictionary<string, double> idf = Words.In(query).Distinct().ToDictionary(w => w, w => Math.Log(1 + (texts.Length - words.Count(t => t.Contains(w)) + 0.5) / (words.Count(t => t.Contains(w)) + 0.5)));
        return [.. words.Select(t => idf.Sum(w => w.Value * t.Count(x => x == w.Key) * (K1 + 1) / (t.Count(x => x == w.Key) + K1 * (1 - B + B * t.Length / mean))))];
    }
}

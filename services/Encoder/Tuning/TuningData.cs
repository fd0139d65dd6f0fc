using System.Globalization;
using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Vectors;

namespace Retrieval.Encoder;

/// <summary>Judged data of the user's own that a setting is chosen by.</summary>
public abstract class TuningData
{
    /// <summary>What is measured, for people.</summary>
    public abstract string Measure { get; }

    /// <summary>Judged items: questions, or pairs of sentences.</summary>
    public abstract int Items { get; }

    /// <summary>Texts that one setting encodes.</summary>
    public abstract int Texts { get; }

    /// <summary>Reads a folder in BEIR's layout (corpus.jsonl, queries.jsonl, qrels.tsv), or a file of sentence pairs (score, first, second by tabs, with a header).</summary>
    /// <exception cref="RetrievalException">Invalid: a file is missing, or which line is wrong.</exception>
    public static TuningData Read(string path)
    {
        string at = path;
        try
        {
            return Directory.Exists(path) ? JudgedSearch.Of(path, f => at = f) : SentencePairs.Of(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{at} cannot be read: {e.Message}", "--data", path,
                help: "Give a folder with corpus.jsonl, queries.jsonl and qrels.tsv (or qrels/test.tsv) as BEIR has it, or a .tsv file of score, first and second sentence with a header.", inner: e);
        }
    }

    /// <summary>Encodes everything with a model.</summary>
    /// <returns>The figure of any choice of items.</returns>
    internal abstract Task<Func<int[], double>> EvaluateAsync(IEncoder encoder, Action encoded, CancellationToken cancellationToken);

    private protected static async Task<float[][]> EncodeAsync(IEncoder encoder, IReadOnlyList<string> texts, InputKind kind, Action encoded, CancellationToken cancellationToken)
    {
        List<float[]> vectors = [];
        foreach (string[] some in texts.Chunk(64))
        {
            vectors.AddRange((await encoder.EmbedAsync(new EmbedRequest(some, kind), cancellationToken).ConfigureAwait(false)).Vectors);
            Array.ForEach(some, _ => encoded());
        }
        return [.. vectors];
    }
}

/// <summary>A corpus with judged questions; nDCG@10 of exact search.</summary>
internal sealed class JudgedSearch : TuningData
{
    private const int Depth = 10;
    private readonly (string Id, string Text)[] _documents;
    private readonly (string Text, Dictionary<string, double> Gains)[] _questions;

    private JudgedSearch((string, string)[] documents, (string, Dictionary<string, double>)[] questions) => (_documents, _questions) = (documents, questions);

    public override string Measure => "nDCG@10";

    public override int Items => _questions.Length;

    public override int Texts => _documents.Length + _questions.Length;

    public static JudgedSearch Of(string folder, Action<string> reading)
    {
        string File(params string[] names)
        {
            string file = names.Select(n => Path.Combine(folder, n)).FirstOrDefault(System.IO.File.Exists) ?? Path.Combine(folder, names[0]);
            reading(file);
            return file;
        }
        (string, string)[] documents = [.. Rows(File("corpus.jsonl")).Select(r => (r.GetProperty("_id").GetString()!, VectorSpace.Join(r.TryGetProperty("title", out JsonElement title) ? title.GetString() : null, r.GetProperty("text").GetString()!))).Where(d => !string.IsNullOrWhiteSpace(d.Item2))];
        Dictionary<string, string> questions = Rows(File("queries.jsonl")).ToDictionary(r => r.GetProperty("_id").GetString()!, r => r.GetProperty("text").GetString()!);
        var judged = System.IO.File.ReadLines(File("qrels.tsv", "qrels/test.tsv", "qrels/dev.tsv")).Skip(1).Where(l => l.Length > 0).Select(l => l.Split('\t'))
            .Select(r => (Question: r[0], Document: r[1], Gain: double.Parse(r[2], CultureInfo.InvariantCulture))).Where(r => r.Gain > 0).GroupBy(r => r.Question);
        return new JudgedSearch(documents, [.. judged.Select(g => (questions[g.Key], g.ToDictionary(r => r.Document, r => r.Gain)))]);
    }

    internal override async Task<Func<int[], double>> EvaluateAsync(IEncoder encoder, Action encoded, CancellationToken cancellationToken)
    {
        float[][] documents = await EncodeAsync(encoder, [.. _documents.Select(d => d.Text)], InputKind.Document, encoded, cancellationToken).ConfigureAwait(false);
        float[][] questions = await EncodeAsync(encoder, [.. _questions.Select(q => q.Text)], InputKind.Query, encoded, cancellationToken).ConfigureAwait(false);
        double[] each = [.. questions.Select((q, i) => Ndcg.At(Depth, Best(q, documents), _questions[i].Gains))];
        return draw => draw.Average(i => each[i]);
    }

    private IEnumerable<string> Best(float[] question, float[][] documents)
    {
        float[] scores = [.. documents.Select(d => Kernels.Dot(question, d))];
        return Enumerable.Range(0, documents.Length).OrderByDescending(i => scores[i]).Take(Depth).Select(i => _documents[i].Id);
    }

    private static IEnumerable<JsonElement> Rows(string file) => System.IO.File.ReadLines(file).Where(l => l.Length > 0).Select(l =>
    {
        using JsonDocument row = JsonDocument.Parse(l);
        return row.RootElement.Clone();
    });
}

/// <summary>Pairs of sentences with people's scores; Spearman's correlation of the cosine.</summary>
internal sealed class SentencePairs : TuningData
{
    private readonly (double Score, string First, string Second)[] _pairs;

    private SentencePairs((double, string, string)[] pairs) => _pairs = pairs;

    public override string Measure => "Spearman";

    public override int Items => _pairs.Length;

    public override int Texts => 2 * _pairs.Length;

    public static SentencePairs Of(string file) => new([.. File.ReadLines(file).Skip(1).Where(l => l.Length > 0).Select(l => l.Split('\t')).Select(r => (double.Parse(r[0], CultureInfo.InvariantCulture), r[1], r[2]))]);

    internal override async Task<Func<int[], double>> EvaluateAsync(IEncoder encoder, Action encoded, CancellationToken cancellationToken)
    {
        float[][] first = await EncodeAsync(encoder, [.. _pairs.Select(p => p.First)], InputKind.Document, encoded, cancellationToken).ConfigureAwait(false);
        float[][] second = await EncodeAsync(encoder, [.. _pairs.Select(p => p.Second)], InputKind.Document, encoded, cancellationToken).ConfigureAwait(false);
        double[] cosines = [.. first.Zip(second, (a, b) => (double)Kernels.Dot(a, b))];
        return draw => Spearman.Of([.. draw.Select(i => cosines[i])], [.. draw.Select(i => _pairs[i].Score)]);
    }
}

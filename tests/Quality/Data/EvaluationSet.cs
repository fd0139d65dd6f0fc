using System.Globalization;
using System.Text.Json;
using Retrieval.Tests.Data;

namespace Retrieval.Quality.Data;

/// <summary>A document of a corpus.</summary>
internal sealed record Passage(string Id, string? Title, string Text);

/// <summary>A question and the gain of each document that answers it.</summary>
internal sealed record Question(string Id, string Text, IReadOnlyDictionary<string, double> Gains);

/// <summary>A corpus with judged questions in BEIR's layout.</summary>
internal sealed record EvaluationSet(string Name, IReadOnlyList<Passage> Corpus, IReadOnlyList<Question> Questions)
{
    /// <summary>Reads a set; skips the test that asks when the set is not there.</summary>
    public static EvaluationSet Load(string name)
    {
        string folder = Shared.Require("eval", name);
        Dictionary<string, Dictionary<string, double>> gains = Judgments(Path.Combine(folder, "qrels.tsv"));
        return new EvaluationSet(name,
            [.. Rows(Path.Combine(folder, "corpus.jsonl")).Select(r => new Passage(Text(r, "_id")!, Text(r, "title"), Text(r, "text")!))],
            [.. Rows(Path.Combine(folder, "queries.jsonl")).Where(r => gains.ContainsKey(Text(r, "_id")!)).Select(r => new Question(Text(r, "_id")!, Text(r, "text")!, gains[Text(r, "_id")!]))]);
    }

    /// <summary>The lines of a JSONL file.</summary>
    public static IEnumerable<JsonElement> Rows(string file) => File.ReadLines(file).Where(l => l.Length > 0).Select(l => JsonDocument.Parse(l).RootElement);

    private static Dictionary<string, Dictionary<string, double>> Judgments(string file)
    {
        Dictionary<string, Dictionary<string, double>> gains = [];
        foreach (string[] row in File.ReadLines(file).Skip(1).Select(l => l.Split('\t')))
        {
            double gain = double.Parse(row[2], CultureInfo.InvariantCulture);
            if (gain > 0)
            {
                gains.TryAdd(row[0], []);
                gains[row[0]][row[1]] = gain;
            }
        }
        return gains;
    }

    private static string? Text(JsonElement row, string name) => row.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}

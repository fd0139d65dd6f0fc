using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Gateway;
using Retrieval.Quality.Data;
using Retrieval.Quality.Measures;

namespace Retrieval.Quality.Product;

/// <summary>Documents for each question of a set, best first.</summary>
internal static class Ranking
{
    /// <summary>Depth of the measure.</summary>
    public const int Depth = 10;

    // Several chunks of one document may be found: enough hits for ten documents.
    private const int Hits = 30;

    /// <summary>nDCG@10 of every question.</summary>
    public static async Task<List<double>> MeasureAsync(QueryPipeline pipeline, EvaluationSet set, SearchMode mode, CancellationToken cancellationToken)
    {
        List<double> values = [];
        foreach (Question question in set.Questions)
        {
            SearchResponse answer = await pipeline.SearchAsync(set.Name, new SearchRequest { Query = question.Text, Top = Hits, Mode = mode }, cancellationToken);
            values.Add(Ndcg.At(Depth, answer.Hits.Select(h => h.Document).Distinct(), question.Gains));
        }
        return values;
    }
}

using System.Diagnostics;
using Retrieval.Contracts;
using Retrieval.Quality.Data;

namespace Retrieval.Quality.Measures;

/// <summary>Times of encoders against each other.</summary>
internal static class Times
{
    private const int Texts = 16, Characters = 300, Pairs = 7;

    /// <summary>Time of one encoder over another's on the same texts, in turns: the median of pairs.</summary>
    public static async Task<double> RatioAsync(IEncoder one, IEncoder other, InputKind kind, CancellationToken cancellationToken)
    {
        EmbedRequest request = new([.. EvaluationSet.Load("perlfaq").Corpus.Take(Texts).Select(p => p.Text[..Math.Min(Characters, p.Text.Length)])], kind);
        List<double> ratios = [];
        for (int i = 0; i < Pairs; i++)
        {
            double a = await SecondsAsync(one, request, cancellationToken), b = await SecondsAsync(other, request, cancellationToken);
            ratios.Add(a / b);
        }
        return ratios.Order().ElementAt(Pairs / 2);
    }

    private static async Task<double> SecondsAsync(IEncoder encoder, EmbedRequest request, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        await encoder.EmbedAsync(request, cancellationToken);
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}

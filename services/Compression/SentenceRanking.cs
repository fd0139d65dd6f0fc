using System.Numerics.Tensors;
using Retrieval.Contracts;

namespace Retrieval.Compression;

/// <summary>
/// How much a sentence answers the query: cosine of the encoder's vectors, plus the share of the query's rare words that it holds,
/// plus a little for the rank of its passage. The weights were chosen on the questions of xquad (tests/Quality prints the shares kept).
/// </summary>
internal sealed class SentenceRanking(IEncoder encoder)
{
    private const double OverlapWeight = 0.3, PassageWeight = 0.15;

    /// <summary>One score a sentence; larger is better.</summary>
    public async Task<double[]> ScoreAsync(CompressRequest request, List<Sentence> sentences, CancellationToken cancellationToken)
    {
        string[] texts = [.. sentences.Select(s => s.In(request.Passages).ToString())];
        Task<EmbedResult> query = encoder.EmbedAsync(new EmbedRequest([request.Query], InputKind.Query, request.Model), cancellationToken);
        EmbedResult vectors = await encoder.EmbedAsync(new EmbedRequest(texts, InputKind.Raw, request.Model), cancellationToken);
        float[] q = (await query).Vectors[0];
        double[] overlap = WordOverlap.Score(request.Query, texts);

        double[] scores = new double[sentences.Count];
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = TensorPrimitives.Dot<float>(q, vectors.Vectors[i]) + OverlapWeight * overlap[i] + PassageWeight / (1 + sentences[i].Passage);
        }
        return scores;
    }
}

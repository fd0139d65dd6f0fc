using System.Collections.Concurrent;
using Retrieval.Contracts;

namespace Retrieval.Quality.Product;

/// <summary>
/// The product's encoder, asked once for each text: the same sentences and questions come back for every mode and budget.
/// Vectors don't depend on the batch (BatchTests demands it), so remembering changes no figure.
/// </summary>
internal sealed class RememberingEncoder(IEncoder encoder) : IEncoder
{
    private readonly ConcurrentDictionary<(string Text, InputKind Kind, string? Tier), (float[] Vector, int Tokens)> _known = new();

    /// <summary>The encoder that is asked.</summary>
    public IEncoder Inner => encoder;

    public Task<EncoderDescription> DescribeAsync(string? model, CancellationToken cancellationToken) => encoder.DescribeAsync(model, cancellationToken);

    public async Task<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        string[] missing = [.. request.Texts.Where(t => !_known.ContainsKey((t, request.Kind, request.Tier))).Distinct()];
        if (missing.Length > 0)
        {
            EmbedResult result = await encoder.EmbedAsync(request with { Texts = missing }, cancellationToken);
            for (int i = 0; i < missing.Length; i++)
            {
                _known[(missing[i], request.Kind, request.Tier)] = (result.Vectors[i], result.Tokens[i]);
            }
        }
        EncoderDescription model = await encoder.DescribeAsync(request.Model, cancellationToken);
        return new EmbedResult(model.Space.Id, [.. request.Texts.Select(t => _known[(t, request.Kind, request.Tier)].Vector)], [.. request.Texts.Select(t => _known[(t, request.Kind, request.Tier)].Tokens)], request.Tier);
    }

    public Task<EmbedTokensResult> EmbedTokensAsync(EmbedRequest request, CancellationToken cancellationToken) => encoder.EmbedTokensAsync(request, cancellationToken);

    public Task<IReadOnlyList<EncoderDescription>> ListAsync(CancellationToken cancellationToken) => encoder.ListAsync(cancellationToken);

    public Task<EmbedSparseResult> EmbedSparseAsync(EmbedRequest request, CancellationToken cancellationToken) => encoder.EmbedSparseAsync(request, cancellationToken);

    public Task<ClassifyResult> ClassifyAsync(ClassifyRequest request, CancellationToken cancellationToken) => encoder.ClassifyAsync(request, cancellationToken);

    public Task<ScoreResult> ScoreAsync(ScoreRequest request, CancellationToken cancellationToken) => encoder.ScoreAsync(request, cancellationToken);
}

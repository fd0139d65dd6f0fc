using System.Collections.Concurrent;
using Retrieval.Contracts;
using Retrieval.Encoder;

namespace Retrieval.Quality.Product;

/// <summary>
/// The product's encoder, asked once for each text: the same sentences and questions come back for every mode and budget.
/// Vectors don't depend on the batch (BatchTests demands it), so remembering changes no figure.
/// </summary>
internal sealed class RememberingEncoder(IEncoder encoder) : IEncoder
{
    private readonly ConcurrentDictionary<(string Text, InputKind Kind, string? Tier), (float[] Vector, int Tokens)> _known = new();
    private readonly ConcurrentDictionary<(string Text, InputKind Kind), (TokenVectors Vectors, int Tokens)> _tokens = new();

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

    public async Task<EmbedTokensResult> EmbedTokensAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        string[] missing = [.. request.Texts.Where(t => !_tokens.ContainsKey((t, request.Kind))).Distinct()];
        if (missing.Length > 0)
        {
            EmbedTokensResult result = await encoder.EmbedTokensAsync(request with { Texts = missing }, cancellationToken);
            for (int i = 0; i < missing.Length; i++)
            {
                _tokens[(missing[i], request.Kind)] = (result.Texts[i], result.Tokens[i]);
            }
        }
        EncoderDescription model = await encoder.DescribeAsync(request.Model, cancellationToken);
        return new EmbedTokensResult(model.Space.Id, [.. request.Texts.Select(t => _tokens[(t, request.Kind)].Vectors)], [.. request.Texts.Select(t => _tokens[(t, request.Kind)].Tokens)]);
    }

    public async Task<MatchResult> MatchAsync(MatchRequest request, CancellationToken cancellationToken)
    {
        EmbedTokensResult query = await EmbedTokensAsync(new EmbedRequest([request.Query], InputKind.Query, request.Model), cancellationToken), texts = await EmbedTokensAsync(new EmbedRequest(request.Texts, InputKind.Raw, request.Model), cancellationToken);
        return new MatchResult(texts.Space, [.. texts.Texts.Select(t => LateInteraction.Matches(query.Texts[0], t))]);
    }

    public Task<IReadOnlyList<EncoderDescription>> ListAsync(CancellationToken cancellationToken) => encoder.ListAsync(cancellationToken);

    public Task<EmbedSparseResult> EmbedSparseAsync(EmbedRequest request, CancellationToken cancellationToken) => encoder.EmbedSparseAsync(request, cancellationToken);

    public Task<ClassifyResult> ClassifyAsync(ClassifyRequest request, CancellationToken cancellationToken) => encoder.ClassifyAsync(request, cancellationToken);

    public Task<ScoreResult> ScoreAsync(ScoreRequest request, CancellationToken cancellationToken) => encoder.ScoreAsync(request, cancellationToken);
}

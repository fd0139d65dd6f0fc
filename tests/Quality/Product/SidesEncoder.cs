using Retrieval.Contracts;

namespace Retrieval.Quality.Product;

/// <summary>Documents by one encoder and queries by another of the same space, so that a pair does not encode its teacher's documents a second time.</summary>
internal sealed class SidesEncoder(IEncoder documents, IEncoder queries) : IEncoder
{
    public Task<EncoderDescription> DescribeAsync(string? model, CancellationToken cancellationToken) => queries.DescribeAsync(model, cancellationToken);

    public async Task<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        EncoderDescription one = await documents.DescribeAsync(null, cancellationToken), other = await queries.DescribeAsync(null, cancellationToken);
        one.Space.Id.ShouldBe(other.Space.Id, "both sides are of one space");
        return await (request.Kind == InputKind.Query ? queries : documents).EmbedAsync(request, cancellationToken);
    }

    public Task<EmbedTokensResult> EmbedTokensAsync(EmbedRequest request, CancellationToken cancellationToken) => documents.EmbedTokensAsync(request, cancellationToken);

    public Task<IReadOnlyList<EncoderDescription>> ListAsync(CancellationToken cancellationToken) => queries.ListAsync(cancellationToken);

    public Task<EmbedSparseResult> EmbedSparseAsync(EmbedRequest request, CancellationToken cancellationToken) => documents.EmbedSparseAsync(request, cancellationToken);

    public Task<ClassifyResult> ClassifyAsync(ClassifyRequest request, CancellationToken cancellationToken) => documents.ClassifyAsync(request, cancellationToken);

    public Task<MatchResult> MatchAsync(MatchRequest request, CancellationToken cancellationToken) => documents.MatchAsync(request, cancellationToken);

    public Task<ScoreResult> ScoreAsync(ScoreRequest request, CancellationToken cancellationToken) => documents.ScoreAsync(request, cancellationToken);
}

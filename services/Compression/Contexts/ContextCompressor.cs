using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Compression;

/// <summary>
/// From the coarse to the fine, each rung only where it still pays: passages, duplicates, sentences, words. What was chosen is counted again over the printed
/// text with the tokenizer of the budget, so the budget holds whatever a tokenizer's merges cost.
/// </summary>
internal sealed class ContextCompressor(IEncoder encoder, Relevance relevance, TargetTokenizers tokenizers, CompressionOptions options, ILogger<ContextCompressor> logger) : ICompressor
{
    /// <summary>What shortening is expected to leave, before it was tried.</summary>
    private const double ExpectedRatio = 0.5;

    private readonly BreakEven _breakEven = new(options);
    private readonly WordPruning _pruning = new(encoder);

    public async Task<CompressResult> CompressAsync(CompressRequest request, CancellationToken cancellationToken)
    {
        string[] passages = Check(request);
        EncoderDescription model = await encoder.DescribeAsync(request.Model, cancellationToken);
        Tokenizer tokenizer = await tokenizers.GetAsync(request.Tokenizer, model, cancellationToken);
        List<Sentence> all = Sentence.Split(passages);
        ContextText whole = ContextText.Of(all.Select(Pick.Whole), passages);
        int tokens = tokenizer.Count(whole.Text);
        if (tokens <= request.MaxTokens && _breakEven.WhyNot(tokens * (1 - ExpectedRatio), tokens) is { } reason)
        {
            return Result(request, whole, tokens, tokens, [], $"the passages fit into the budget ({tokens} of {request.MaxTokens} tokens), and {reason}", null);
        }
        List<Sentence> likely = all.Count <= options.MaxSentences ? all : Sentence.Likely(all, passages, request.Query, options.MaxSentences);
        Ladder ladder = new(passages, tokenizer, request.MaxTokens);
        (ContextText text, int left) = await DescendAsync(ladder, request, likely, passages, model, cancellationToken);
        CompressResult result = Result(request, text, left, tokens, ladder.Rungs, null, Partial(all.Count, likely.Count, text));
        Log.Compressed(logger, result.Tokens, request.MaxTokens, result.Kept.Count, all.Count, passages.Length);
        return result;
    }

    private async Task<(ContextText Text, int Tokens)> DescendAsync(Ladder ladder, CompressRequest request, List<Sentence> sentences, string[] passages, EncoderDescription model, CancellationToken cancellationToken)
    {
        ProtectedSpans protectedSpans = new(request.Protect);
        Fragment fragments = new(passages, ladder.Tokenizer, protectedSpans);
        long began = Stopwatch.GetTimestamp();
        Ranked ranked = await relevance.RankAsync(request, sentences, passages, model, cancellationToken);
        _breakEven.Observe(ladder.Tokens(sentences), Stopwatch.GetElapsedTime(began).TotalMilliseconds);

        ranked = ladder.Step("passages", ranked, r => RelevanceFloor.Apply(r, options.RelevanceDistance), began);
        ranked = ladder.Step("duplicates", ranked, r => NearDuplicates.Drop(r, passages, protectedSpans));
        bool prunes = request.Prune == true || (request.Prune is null && _breakEven.WhyNot(request.MaxTokens * options.MaxPruned, request.MaxTokens * MeanWords) is null);
        // What pruning will take away is chosen on top.
        int room = prunes ? (int)(request.MaxTokens / (1 - options.MaxPruned)) : request.MaxTokens;
        List<Pick> picks = ladder.Choose(ranked, new Selection(ranked, passages, ladder.Tokenizer, fragments, room));
        if (prunes)
        {
            picks = await ladder.PruneAsync(picks, () => _pruning.RankAsync(picks, passages, protectedSpans, request.Model, cancellationToken), options.MaxPruned);
        }
        return ladder.Fit(picks);
    }

    /// <summary>Words of a sentence, and so the times that leave-one-out encodes it.</summary>
    private const int MeanWords = 20;

    private static CompressResult Result(CompressRequest request, ContextText text, int tokens, int before, IReadOnlyList<Rung> rungs, string? skipped, string? partial) => new(
        text.Text, tokens, [.. text.Citations.Select(c => c with { Id = request.Passages![c.Passage].Id })], text.Kept, rungs, before == 0 ? 1 : Math.Round((double)tokens / before, 4), skipped, partial);

    private static string? Partial(int sentences, int ranked, ContextText text)
    {
        string?[] reasons = [
            ranked < sentences ? $"of {sentences} sentences the {ranked} that share most words with the query were ranked (Compression:MaxSentences)" : null,
            text.Kept.Count == 0 && sentences > 0 ? "not even a fragment of a sentence fits into the budget" : text.Citations.Any(c => c.Fragment) ? "sentences that are too long for the budget are cut to fragments" : null];
        return reasons.Any(r => r is not null) ? string.Join("; ", reasons.OfType<string>()) : null;
    }

    private string[] Check(CompressRequest request)
    {
        if (request.MaxTokens < 1 || request.MaxTokens > options.MaxTokens)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"A context of {request.MaxTokens} tokens is not possible.", "maxTokens", $"{request.MaxTokens}", $"1 to {options.MaxTokens}",
                "Ask for a budget within the limit, or raise Compression:MaxTokens.");
        }
        if (request.Passages is not { } passages)
        {
            throw new RetrievalException(ErrorKind.Invalid, "There are no passages.", "passages", null, $"up to {options.MaxPassages} passages", "Send a list of texts in the field 'passages'.");
        }
        if (passages.Count > options.MaxPassages)
        {
            throw new RetrievalException(ErrorKind.TooLarge, $"{passages.Count} passages are too many for one context.", "passages", $"{passages.Count}", $"{options.MaxPassages}",
                "Send the best ones, or raise Compression:MaxPassages.");
        }
        if (request.Query is not null && string.IsNullOrWhiteSpace(request.Query))
        {
            throw new RetrievalException(ErrorKind.Invalid, "The query is empty.", "query", request.Query, "at least one visible character", "Send the question, or leave 'query' out.");
        }
        return [.. passages.Select(p => p.Text)];
    }
}

using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Compression;

/// <summary>
/// Whole sentences, best first, until the budget is full. The choice adds up tokens; what was chosen is counted again over the
/// printed text with the encoder's tokenizer, so the budget holds whatever a tokenizer's merges cost.
/// </summary>
internal sealed class SentenceCompressor(IEncoder encoder, SentenceRanking ranking, TokenizerCache tokenizers, CompressionOptions options, ILogger<SentenceCompressor> logger) : ICompressor
{
    public async Task<CompressResult> CompressAsync(CompressRequest request, CancellationToken cancellationToken)
    {
        Check(request);
        List<Sentence> sentences = Sentence.Split(request.Passages, options.MaxSentences);
        if (sentences.Count == 0)
        {
            return new CompressResult("", 0, []);
        }
        EncoderDescription model = await encoder.DescribeAsync(request.Model, cancellationToken);
        Tokenizer tokenizer = await tokenizers.GetAsync(model.Space.Tokenizer, cancellationToken);
        double[] scores = await ranking.ScoreAsync(request, sentences, cancellationToken);
        CompressResult result = Fill(request, sentences, scores, tokenizer);
        Log.Compressed(logger, result.Tokens, request.MaxTokens, result.Kept.Count, sentences.Count, request.Passages.Count);
        return result;
    }

    private static CompressResult Fill(CompressRequest request, List<Sentence> sentences, double[] scores, Tokenizer tokenizer)
    {
        Selection selection = new(tokenizer, request.MaxTokens);
        foreach (int i in Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i]).ThenBy(i => i))
        {
            selection.TryAdd(sentences[i], tokenizer.Count(sentences[i].In(request.Passages)));
        }
        for (List<Sentence> chosen = selection.Chosen; ; chosen.RemoveAt(chosen.Count - 1))
        {
            List<KeptSpan> spans = ContextText.Spans(chosen);
            string text = ContextText.Render(spans, request.Passages);
            int tokens = tokenizer.Count(text);
            if (tokens <= request.MaxTokens)
            {
                return new CompressResult(text, tokens, spans);
            }
        }
    }

    private void Check(CompressRequest request)
    {
        if (request.MaxTokens < 1 || request.MaxTokens > options.MaxTokens)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"A context of {request.MaxTokens} tokens is not possible.", "maxTokens", $"{request.MaxTokens}", $"1 to {options.MaxTokens}",
                "Ask for a budget within the limit, or raise Compression:MaxTokens.");
        }
        if (request.Passages.Count > options.MaxPassages)
        {
            throw new RetrievalException(ErrorKind.TooLarge, $"{request.Passages.Count} passages are too many for one context.", "passages", $"{request.Passages.Count}", $"{options.MaxPassages}",
                "Send the best ones, or raise Compression:MaxPassages.");
        }
    }
}

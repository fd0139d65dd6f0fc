using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Ingestion;

/// <summary>The chunks of a document and the texts that are encoded for them.</summary>
/// <param name="Chunks">In order.</param>
/// <param name="Texts">Title and chunk, one a chunk.</param>
internal sealed record ChunkPlan(List<Chunk> Chunks, List<string> Texts)
{
    /// <summary>A title takes at most this share of a chunk's tokens.</summary>
    private const double TitleShare = 0.25;

    public static ChunkPlan For(DocumentInput document, string mediaType, ChunkingSettings chunking, EncoderDescription model, Tokenizer tokenizer)
    {
        int limit = Math.Min(chunking.MaxTokens ?? int.MaxValue, model.Space.MaxTokens);
        string prompt = model.Space.DocumentTemplate.Replace(VectorSpace.TitleAndText, "", StringComparison.Ordinal);
        int room = limit - model.SpecialTokens - tokenizer.Count(prompt);
        string? title = Shorten(document.Title, tokenizer, (int)(room * TitleShare));
        int forText = room - (title is null ? 0 : tokenizer.Count(title));
        if (forText < 1)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Chunks of {limit} tokens leave no room for text.", "chunking.maxTokens", $"{limit}",
                $"at least {limit - forText + 1}", "Change the collection's chunking.");
        }
        List<Chunk> chunks = Chunker.Split(document.Text!, mediaType, tokenizer, forText);
        return new ChunkPlan(chunks, [.. chunks.Select(c => VectorSpace.Join(title, document.Text![c.Start..c.End]))]);
    }

    private static string? Shorten(string? title, Tokenizer tokenizer, int maxTokens)
    {
        if (string.IsNullOrWhiteSpace(title) || tokenizer.Count(title) <= maxTokens)
        {
            return string.IsNullOrWhiteSpace(title) ? null : title;
        }
        Encoding tokens = tokenizer.Encode(title, false, null);
        return maxTokens < 1 ? null : title[..tokens.Ends[maxTokens - 1]];
    }
}

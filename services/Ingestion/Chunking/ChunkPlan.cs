using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Ingestion.Chunking;

/// <summary>The chunks of a document and the texts that are encoded for them.</summary>
/// <param name="Chunks">In order.</param>
/// <param name="Texts">Title, headings above it, and chunk, one a chunk; with late chunking what tells its vector from every other.</param>
internal sealed record ChunkPlan(List<Chunk> Chunks, List<string> Texts)
{
    /// <summary>Title and headings take at most this share of a chunk's tokens.</summary>
    private const double LeadShare = 0.25;

    /// <summary>Late chunking without a limit of its own: so many chunks share what the model reads at once.</summary>
    private const int LateChunks = 4;

    private const string Between = " > ";

    /// <summary>Headings above each chunk, its own first included.</summary>
    public required List<IReadOnlyList<string>> Headings { get; init; }

    /// <summary>Page on which each begins, from 1.</summary>
    public required List<int?> Pages { get; init; }

    /// <summary>What is encoded instead of <see cref="Texts"/>, with late chunking.</summary>
    public List<LateWindow>? Windows { get; init; }

    /// <summary>Plans a document.</summary>
    /// <exception cref="RetrievalException">Invalid, when the settings leave no room for text, or the model cannot pool late.</exception>
    public static ChunkPlan For(SourceText source, ChunkingSettings chunking, EncoderDescription model, Tokenizer tokenizer)
    {
        // Some tokenizers make more tokens of two texts joined than of both alone. Then again, with as much to spare: the model would cut what is over its limit without a word.
        for (int spare = 0; ;)
        {
            ChunkPlan plan = For(source, chunking, model, tokenizer, spare);
            int surplus = plan.Surplus(Prompt(model), model.SpecialTokens, tokenizer);
            if (surplus <= 0)
            {
                return plan;
            }
            spare += surplus;
        }
    }

    /// <summary>Most tokens of what is encoded, special ones included.</summary>
    public required int Limit { get; init; }

    private static string Prompt(EncoderDescription model) => model.Space.DocumentTemplate.Replace(VectorSpace.TitleAndText, "", StringComparison.Ordinal);

    private int Surplus(string prompt, int specialTokens, Tokenizer tokenizer)
    {
        int most = Limit - specialTokens, surplus = 0;
        for (int i = 0; i < (Windows?.Count ?? Texts.Count); i++)
        {
            string encoded = Windows?[i].Text ?? Texts[i];
            // A text that nothing was put before was counted as it is.
            bool isBare = prompt.Length == 0 && Windows is null && encoded.Length == Chunks[i].End - Chunks[i].Start;
            surplus = isBare ? surplus : Math.Max(surplus, tokenizer.Count(prompt + encoded) - most);
        }
        return surplus;
    }

    private static ChunkPlan For(SourceText source, ChunkingSettings chunking, EncoderDescription model, Tokenizer tokenizer, int spare)
    {
        (DocumentInput document, string text, bool isLate) = (source.Document, source.Document.Text!, chunking.Chunker == "late");
        int most = Math.Min(chunking.MaxTokens ?? int.MaxValue, model.Space.MaxTokens), limit = isLate && chunking.MaxTokens is null ? model.Space.MaxTokens / LateChunks : most;
        int around = model.SpecialTokens + tokenizer.Count(Prompt(model)) + spare, room = limit - around;
        HeadingOutline outline = source.MediaType == "text/markdown" ? HeadingOutline.Of(text) : HeadingOutline.None;
        Lead lead = new(document.Title, tokenizer, (int)(room * LeadShare));
        int forText = room - (isLate ? lead.Count([]) : outline.Paths.Prepend([]).Max(lead.Count)), overlap = Math.Min(chunking.Overlap ?? 0, forText / 2);
        if (forText < 1)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Chunks of {limit} tokens leave no room for text.", "chunking.maxTokens", $"{limit}",
                $"at least {limit - forText + 1}", "Change the collection's chunking.");
        }
        List<Chunk> chunks = Chunker.Split(text, chunking.Chunker, source.MediaType, tokenizer, forText, overlap);
        List<LateWindow>? windows = isLate ? LateWindow.Of(text, lead.Text([]), chunks, RequireMean(model).Space.MaxTokens - around - lead.Count([]), tokenizer) : null;
        return new ChunkPlan(chunks, windows is null ? [.. chunks.Select(c => VectorSpace.Join(lead.Text(outline.At(c.Start, false)), text[c.Start..c.End]))] : LateWindow.Keys(windows, chunks.Count))
        {
            Headings = [.. chunks.Select(c => outline.At(c.Start, true))], Pages = [.. chunks.Select(c => Page(source.Pages, c.Start))], Windows = windows, Limit = isLate ? model.Space.MaxTokens : limit,
        };
    }

    /// <summary>The mean of a part of a text's token vectors is what the model would have given that part; no other pooling has such a part.</summary>
    private static EncoderDescription RequireMean(EncoderDescription model) => model.Space.Pooling == "mean" ? model : throw new RetrievalException(ErrorKind.Invalid,
        $"Late chunking needs a model that pools by the mean; {model.Model} pools by {model.Space.Pooling}.", "chunking.chunker", "late", "sentence, markdown, tokens", "Choose another chunker for the collection.");

    private static int? Page(IReadOnlyList<int>? pages, int start)
    {
        int page = 0;
        while (pages is not null && page < pages.Count && pages[page] <= start)
        {
            page++;
        }
        return page == 0 ? null : page;
    }

    /// <summary>What stands before a chunk's text: title and headings, within a number of tokens; the headings nearest to the text are the last to go.</summary>
    private sealed class Lead(string? title, Tokenizer tokenizer, int maxTokens)
    {
        private readonly Dictionary<string, (string? Text, int Tokens)> _known = new(StringComparer.Ordinal);

        public string? Text(IReadOnlyList<string> path) => Of(path).Text;

        public int Count(IReadOnlyList<string> path) => Of(path).Tokens;

        private (string? Text, int Tokens) Of(IReadOnlyList<string> path)
        {
            string[] headings = [.. path.Where(h => !h.Equals(title?.Trim(), StringComparison.Ordinal))];
            string whole = string.Join(Between, headings.Prepend(title?.Trim()).Where(p => !string.IsNullOrEmpty(p)));
            if (!_known.TryGetValue(whole, out (string? Text, int Tokens) lead))
            {
                string? shown = tokenizer.Count(whole) <= maxTokens || headings.Length == 0 ? Shorten(whole) : Shorten(Fitting(headings));
                lead = _known[whole] = (shown, shown is null ? 0 : tokenizer.Count(shown));
            }
            return lead;
        }

        /// <summary>The last headings that fit together.</summary>
        private string Fitting(string[] headings) => Enumerable.Range(0, headings.Length).Select(i => string.Join(Between, headings[i..])).FirstOrDefault(h => tokenizer.Count(h) <= maxTokens, headings[^1]);

        private string? Shorten(string words)
        {
            if (words.Length == 0 || maxTokens < 1)
            {
                return null;
            }
            Encoding tokens = tokenizer.Encode(words, false, null);
            return tokens.Ids.Length <= maxTokens ? words : words[..tokens.Ends[maxTokens - 1]];
        }
    }
}

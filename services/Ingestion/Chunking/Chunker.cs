using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Ingestion.Chunking;

/// <summary>A chunk: a span of the text and its tokens.</summary>
internal readonly record struct Chunk(int Start, int End, int Tokens);

/// <summary>
/// Packs sentences, blocks or lines into chunks of at most a number of tokens, counted exactly over the chunk's text; a heading begins a new chunk. A unit that alone
/// is over the limit goes line by line, and a line that is, is cut between words or tokens. Chunks are in order and cover every visible character.
/// </summary>
internal sealed class Chunker(string text, Tokenizer tokenizer, int maxTokens)
{
    private readonly List<Chunk> _chunks = [];
    private (int Start, int End, int Tokens, bool HasBody)? _open;

    /// <summary>The chunks of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="chunker">One of <see cref="ChunkingSettings.Chunkers"/>; null: by the media type.</param>
    /// <param name="mediaType">Of the text.</param>
    /// <param name="tokenizer">Counts.</param>
    /// <param name="maxTokens">Most tokens of a chunk, overlap included.</param>
    /// <param name="overlap">Most tokens that a chunk repeats of the one before it.</param>
    /// <exception cref="RetrievalException">Invalid, when a single character has more tokens than the limit.</exception>
    public static List<Chunk> Split(string text, string? chunker, string mediaType, Tokenizer tokenizer, int maxTokens, int overlap)
    {
        Chunker packing = new(text, tokenizer, maxTokens - overlap);
        List<ChunkUnit> units = Units(text, chunker, mediaType);
        if (chunker == "tokens")
        {
            packing.Cut(0, text.Length, maxTokens - overlap);
        }
        units.ForEach(packing.Add);
        packing.Close();
        return overlap == 0 ? packing._chunks : new ChunkOverlap(text, tokenizer, maxTokens, overlap, [.. units.Where(u => u.IsHeading).Select(u => u.Start)], chunker != "tokens").Extend(packing._chunks);
    }

    private static List<ChunkUnit> Units(string text, string? chunker, string mediaType)
    {
        bool byItsKind = chunker is null or "late";
        List<ChunkUnit> units = chunker == "markdown" || (byItsKind && mediaType == "text/markdown") ? MarkdownBlocks.Units(text) : byItsKind && mediaType == "text/x-source" ? SourceLines.Units(text) : [];
        return chunker == "tokens" || units.Count > 0 ? units : [.. ChunkUnit.Sentences(text, 0, text.Length)];
    }

    private void Add(ChunkUnit unit)
    {
        if (_open is { HasBody: true } && unit.IsHeading)
        {
            Close();
        }
        // White space parts the units, so that tokens add up and each is counted once; Close counts again over the whole.
        int alone = Count(unit.Start, unit.End);
        if (_open is { } open && open.Tokens + alone <= maxTokens)
        {
            _open = (open.Start, unit.End, open.Tokens + alone, open.HasBody || !unit.IsHeading);
        }
        else if (alone <= maxTokens)
        {
            Close();
            _open = (unit.Start, unit.End, alone, !unit.IsHeading);
        }
        else
        {
            Divide(unit);
        }
    }

    private void Close()
    {
        if (_open is { } open)
        {
            _open = null;
            int tokens = Count(open.Start, open.End);
            if (tokens <= maxTokens)
            {
                _chunks.Add(new Chunk(open.Start, open.End, tokens));
            }
            else
            {
                Cut(open.Start, open.End, maxTokens); // a tokenizer whose tokens reach over white space
            }
        }
    }

    private void Divide(ChunkUnit unit)
    {
        Close();
        if (text.AsSpan(unit.Start, unit.End - unit.Start).Contains('\n'))
        {
            foreach (ChunkUnit line in unit.Lines(text))
            {
                Add(line);
            }
        }
        else
        {
            Cut(unit.Start, unit.End, maxTokens);
        }
    }

    /// <summary>Parts by the tokens of the whole; one that has more tokens when it stands alone, as a word cut in the middle may, is cut again.</summary>
    private void Cut(int start, int end, int budget)
    {
        foreach (TokenSpan part in Parts(start, end, budget))
        {
            if (ChunkUnit.Trimmed(text, start + part.Start, start + part.End, false) is { } own)
            {
                int alone = Count(own.Start, own.End);
                if (alone <= maxTokens)
                {
                    _chunks.Add(new Chunk(own.Start, own.End, alone));
                }
                else
                {
                    Cut(own.Start, own.End, Math.Min(budget, part.Tokens) - (alone - maxTokens));
                }
            }
        }
    }

    private IReadOnlyList<TokenSpan> Parts(int start, int end, int budget)
    {
        try
        {
            return tokenizer.SplitAtBudget(text.AsSpan(start, end - start), budget);
        }
        catch (ArgumentException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Chunks of {maxTokens} tokens are too small: a single character of the document has more.", "chunking.maxTokens", $"{maxTokens}", help: "Raise the collection's chunking.maxTokens.", inner: e);
        }
    }

    private int Count(int start, int end) => tokenizer.Count(text.AsSpan(start, end - start));
}

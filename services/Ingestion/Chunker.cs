using Retrieval.Tokenization;

namespace Retrieval.Ingestion;

/// <summary>A chunk: a span of the text and its tokens.</summary>
internal readonly record struct Chunk(int Start, int End, int Tokens);

/// <summary>
/// Packs sentences into chunks of at most a number of tokens, counted exactly over the chunk's text; a heading begins a new chunk,
/// and a sentence that alone is over the limit is cut between tokens. Chunks are in order, don't overlap and cover every visible character.
/// </summary>
internal sealed class Chunker(string text, Tokenizer tokenizer, int maxTokens)
{
    private readonly List<Chunk> _chunks = [];
    private (int Start, int End, int Tokens, bool HasBody)? _open;

    public static List<Chunk> Split(string text, string mediaType, Tokenizer tokenizer, int maxTokens)
    {
        Chunker chunker = new(text, tokenizer, maxTokens);
        List<ChunkUnit> units = mediaType == "text/markdown" ? MarkdownBlocks.Units(text) : [];
        foreach (ChunkUnit unit in units.Count > 0 ? units : ChunkUnit.Sentences(text, 0, text.Length))
        {
            chunker.Add(unit);
        }
        chunker.Close();
        return chunker._chunks;
    }

    private void Add(ChunkUnit unit)
    {
        if (_open is { HasBody: true } && unit.IsHeading)
        {
            Close();
        }
        if (_open is { } open && Count(open.Start, unit.End) is int together && together <= maxTokens)
        {
            _open = (open.Start, unit.End, together, open.HasBody || !unit.IsHeading);
            return;
        }
        Close();
        int alone = Count(unit.Start, unit.End);
        if (alone <= maxTokens)
        {
            _open = (unit.Start, unit.End, alone, !unit.IsHeading);
        }
        else
        {
            Cut(unit);
        }
    }

    private void Close()
    {
        if (_open is { } open)
        {
            _chunks.Add(new Chunk(open.Start, open.End, open.Tokens));
        }
        _open = null;
    }

    /// <summary>A giant sentence: as many whole tokens as fit, again and again.</summary>
    private void Cut(ChunkUnit unit)
    {
        Encoding tokens = tokenizer.Encode(text[unit.Start..unit.End], false, null);
        for (int first = 0; first < tokens.Ids.Length;)
        {
            int last = Math.Min(first + maxTokens, tokens.Ids.Length) - 1;
            int start = unit.Start + tokens.Starts[first];
            // A word cut in the middle may need more tokens on its own: give tokens back until it fits.
            while (last > first && Count(start, unit.Start + tokens.Ends[last]) > maxTokens)
            {
                last--;
            }
            int end = last == tokens.Ids.Length - 1 ? unit.End : unit.Start + tokens.Ends[last];
            _chunks.Add(new Chunk(start, end, Count(start, end)));
            first = last + 1;
        }
    }

    private int Count(int start, int end) => tokenizer.Count(text.AsSpan(start, end - start));
}

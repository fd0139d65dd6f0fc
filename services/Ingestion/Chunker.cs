using Retrieval.Tokenization;

namespace Retrieval.Ingestion;

/// <summary>A chunk: a span of the text and its tokens.</summary>
internal readonly record struct Chunk(int Start, int End, int Tokens);

/// <summary>
/// Packs sentences into chunks of at most a number of tokens, counted exactly over the chunk's text; a heading begins a new chunk. A unit that alone
/// is over the limit goes line by line, and a line that is, is cut between tokens. Chunks are in order, don't overlap and cover every visible character.
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
                Cut(open.Start, open.End); // a tokenizer whose tokens reach over white space
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
            Cut(unit.Start, unit.End);
        }
    }

    /// <summary>As many whole tokens as fit, again and again; between words where that costs less than half of the room.</summary>
    private void Cut(int start, int end)
    {
        Encoding tokens = tokenizer.Encode(text[start..end], false, null);
        for (int first = 0, origin = start; first < tokens.Ids.Length;)
        {
            int last = Last(tokens, origin, start, first);
            // Several tokens may come from one character, which is not cut.
            for (first = last + 1; first < tokens.Ids.Length && tokens.Ends[first] <= tokens.Ends[last]; first++)
            {
            }
            int cut = first == tokens.Ids.Length ? end : origin + tokens.Ends[last];
            if (ChunkUnit.Trimmed(text, start, cut, false) is { } part)
            {
                _chunks.Add(new Chunk(part.Start, part.End, Count(part.Start, part.End)));
            }
            start = cut;
        }
    }

    private int Last(Encoding tokens, int origin, int start, int first)
    {
        int last = Math.Min(first + maxTokens, tokens.Ids.Length) - 1;
        // A word cut in the middle may need more tokens on its own: give tokens back until it fits.
        while (last > first && Count(start, origin + tokens.Ends[last]) - maxTokens is > 0 and int surplus)
        {
            last = Math.Max(first, last - surplus);
        }
        for (int word = last; last + 1 < tokens.Ids.Length && word > (first + last) / 2; word--)
        {
            if (tokens.Ends[word] < tokens.Starts[word + 1])
            {
                return word;
            }
        }
        return last;
    }

    private int Count(int start, int end) => tokenizer.Count(text.AsSpan(start, end - start));
}

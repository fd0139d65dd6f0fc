using Retrieval.Tokenization;

namespace Retrieval.Ingestion.Chunking;

/// <summary>Lets each chunk begin earlier, within the one before it: at a sentence, or at a word where no sentence is short enough. A chunk that a heading opens repeats nothing.</summary>
internal sealed class ChunkOverlap(string text, Tokenizer tokenizer, int maxTokens, int overlap, HashSet<int> headings, bool bySentence)
{
    public List<Chunk> Extend(List<Chunk> chunks) => [.. chunks.Select((c, i) => i == 0 || headings.Contains(c.Start) ? c : Extend(chunks[i - 1], c))];

    private Chunk Extend(Chunk before, Chunk chunk)
    {
        foreach (int start in bySentence ? Sentences(before).Concat(Words(before)) : Words(before))
        {
            if (Count(start, before.End) <= overlap && Count(start, chunk.End) is var tokens && tokens <= maxTokens)
            {
                return new Chunk(start, chunk.End, tokens);
            }
        }
        return chunk;
    }

    /// <summary>Longest first; never all of the chunk before, which would then say nothing of its own.</summary>
    private IEnumerable<int> Sentences(Chunk before) => ChunkUnit.Sentences(text, before.Start, before.End).Select(s => s.Start).Where(s => s > before.Start);

    /// <summary>Starts of words among the last tokens, longest first; a word begins behind white space, or where a script has none at a token that shares no character with the one before it.</summary>
    private IEnumerable<int> Words(Chunk before)
    {
        Encoding tokens = tokenizer.Encode(text[before.Start..before.End], false, null);
        int first = Math.Max(1, tokens.Ids.Length - overlap);
        List<int> places = [.. Enumerable.Range(first, Math.Max(0, tokens.Ids.Length - first)).Where(i => tokens.Starts[i] >= tokens.Ends[i - 1] && tokens.Ends[i] > tokens.Starts[i]).Select(i => before.Start + Trimmed(tokens.Starts[i]))];
        List<int> behindSpace = [.. places.Where(p => char.IsWhiteSpace(text[p - 1]))];
        return behindSpace.Count > 0 ? behindSpace : places.Where(p => !char.IsLowSurrogate(text[p]));

        // Some tokenizers count the space before a word into its token.
        int Trimmed(int start)
        {
            while (before.Start + start < before.End - 1 && char.IsWhiteSpace(text[before.Start + start]))
            {
                start++;
            }
            return start;
        }
    }

    private int Count(int start, int end) => tokenizer.Count(text.AsSpan(start, end - start));
}

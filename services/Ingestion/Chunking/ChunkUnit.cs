using Retrieval.Tokenization;

namespace Retrieval.Ingestion.Chunking;

/// <summary>A part of the text that is not cut unless it alone is over the limit.</summary>
/// <param name="Start">First UTF-16 index.</param>
/// <param name="End">Index after the last.</param>
/// <param name="IsHeading">Opens a section: a chunk that already has a body ends before it.</param>
internal readonly record struct ChunkUnit(int Start, int End, bool IsHeading)
{
    /// <summary>The sentences of a part of the text.</summary>
    public static IEnumerable<ChunkUnit> Sentences(string text, int start, int end) =>
        SentenceSplitter.Split(text[start..end]).Select(s => new ChunkUnit(start + s.Start, start + s.End, false));

    /// <summary>The lines of this unit that are not blank.</summary>
    public IEnumerable<ChunkUnit> Lines(string text)
    {
        for (int start = Start; start < End;)
        {
            int newLine = text.IndexOf('\n', start, End - start), end = newLine < 0 ? End : newLine + 1;
            if (Trimmed(text, start, end, false) is { } line)
            {
                yield return line;
            }
            start = end;
        }
    }

    /// <summary>A part of the text without the white space around it; null when there is nothing else.</summary>
    public static ChunkUnit? Trimmed(string text, int start, int end, bool isHeading)
    {
        while (start < end && char.IsWhiteSpace(text[start]))
        {
            start++;
        }
        while (end > start && char.IsWhiteSpace(text[end - 1]))
        {
            end--;
        }
        return start < end ? new ChunkUnit(start, end, isHeading) : null;
    }
}

using Retrieval.Tokenization;

namespace Retrieval.Ingestion;

/// <summary>A part of the text that is not cut unless it alone is over the limit.</summary>
/// <param name="Start">First UTF-16 index.</param>
/// <param name="End">Index after the last.</param>
/// <param name="IsHeading">Opens a section: a chunk that already has a body ends before it.</param>
internal readonly record struct ChunkUnit(int Start, int End, bool IsHeading)
{
    /// <summary>The sentences of a part of the text.</summary>
    public static IEnumerable<ChunkUnit> Sentences(string text, int start, int end) =>
        SentenceSplitter.Split(text[start..end]).Select(s => new ChunkUnit(start + s.Start, start + s.End, false));
}

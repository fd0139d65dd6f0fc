namespace Retrieval.Compression;

/// <summary>A part of a sentence that goes into the context.</summary>
/// <param name="Sentence">The sentence.</param>
/// <param name="Start">First UTF-16 index in the passage.</param>
/// <param name="End">Index after the last.</param>
internal sealed record Pick(Sentence Sentence, int Start, int End)
{
    /// <summary>The spans that are left of it when words were pruned; null: all of it.</summary>
    public IReadOnlyList<(int Start, int End)>? Spans { get; init; }

    /// <summary>Not the whole sentence.</summary>
    public bool IsFragment => Start > Sentence.Start || End < Sentence.End;

    public static Pick Whole(Sentence sentence) => new(sentence, sentence.Start, sentence.End);
}

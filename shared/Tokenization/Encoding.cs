namespace Retrieval.Tokenization;

/// <summary>
/// A tokenized text. Offsets are UTF-16 indexes into the .NET string that was given (of the pair's second text for its tokens), unless another unit was asked for;
/// special tokens that were added have 0, 0.
/// </summary>
/// <param name="Ids">Vocabulary ids.</param>
/// <param name="TypeIds">0 for the first text, 1 for the second of a pair, or what the file's template says.</param>
/// <param name="Starts">Index of each token's first character.</param>
/// <param name="Ends">Index after its last.</param>
/// <param name="IsSpecial">True for tokens that the template or padding added.</param>
public sealed record Encoding(int[] Ids, int[] TypeIds, int[] Starts, int[] Ends, bool[] IsSpecial)
{
    private string[]? _spelled;

    /// <summary>What each token shows: the vocabulary's spelling, or for an added token the slice of the text.</summary>
    public IReadOnlyList<string> Tokens => _spelled ??= Spelled();

    /// <summary>1 for tokens to attend to, 0 for padding.</summary>
    public int[] AttentionMask { get; init; } = [.. Enumerable.Repeat(1, Ids.Length)];

    /// <summary>Which text of a pair each token is of: 0, 1, or -1 for none.</summary>
    public int[] Sequences { get; init; } = [];

    /// <summary>Index of each token's word where words were given, else of its text (always 0); -1 for none.</summary>
    public int[] Words { get; init; } = [];

    /// <summary>The parts that truncation cut off.</summary>
    public IReadOnlyList<Encoding> Overflow { get; init; } = [];

    private Func<string[]> Spelled { get; init; } = () => [];

    /// <summary>A copy of one text's tokens.</summary>
    internal static Encoding Of(EncodingBuffer tokens, Func<string[]> spelled)
    {
        int[] sequences = new int[tokens.Count];
        bool[] special = new bool[tokens.Count];
        special.AsSpan(0, tokens.Special.Before).Fill(true);
        special.AsSpan(tokens.Count - tokens.Special.After).Fill(true);
        for (int i = 0; i < special.Length; i++)
        {
            sequences[i] = special[i] ? -1 : 0;
        }
        return new Encoding(tokens.Ids.ToArray(), tokens.TypeIds.ToArray(), tokens.Starts.ToArray(), tokens.Ends.ToArray(), special) { Sequences = sequences, Words = sequences, Spelled = spelled };
    }

    internal static Encoding Of(Draft draft, Func<int, string?> spelling, int firstSources, OffsetConverter? offsets)
    {
        List<Row> rows = draft.Rows;
        return new Encoding(
            [.. rows.Select(r => r.Id)],
            [.. rows.Select(r => r.Type)],
            [.. rows.Select(r => offsets?.Convert(r.Source, r.Start) ?? r.Start)],
            [.. rows.Select(r => offsets?.Convert(r.Source, r.End) ?? r.End)],
            [.. rows.Select(r => r.IsSpecial)])
        {
            AttentionMask = [.. rows.Select(r => r.IsPadding ? 0 : 1)],
            Sequences = [.. rows.Select(r => r.Sequence)],
            Words = [.. rows.Select(r => r.Sequence == 1 ? r.Source - firstSources : r.Source)],
            Overflow = [.. draft.Overflow.Select(o => Of(o, spelling, firstSources, offsets))],
            Spelled = () => [.. rows.Select(r => r.Shown ?? spelling(r.Id) ?? "")],
        };
    }
}

namespace Retrieval.Tokenization;

/// <summary>
/// What a post-processor does to one text, where it is as simple as in nearly every file: tokens before it, tokens after it, one type id, and offsets without
/// their spaces. Found by processing one token and looking at what became of it.
/// </summary>
internal sealed class Frame
{
    private const int Marker = -2;

    private readonly Row[] _before, _after;
    private readonly int _type;
    private readonly ByteLevelProcessor? _trim;

    private Frame(Row[] before, Row[] after, int type, ByteLevelProcessor? trim) => (_before, _after, _type, _trim) = (before, after, type, trim);

    /// <summary>The tokens before a text.</summary>
    public ReadOnlySpan<Row> Before => _before;

    /// <summary>The tokens after it.</summary>
    public ReadOnlySpan<Row> After => _after;

    /// <summary>Type id of the text's tokens.</summary>
    public int Type => _type;

    /// <summary>Null when offsets keep their spaces.</summary>
    public ByteLevelProcessor? Trim => _trim;

    /// <summary>Null when the post-processor does more than a frame.</summary>
    public static Frame? Of(PostProcessor? processor, bool addSpecial)
    {
        if (processor is null)
        {
            return new Frame([], [], 0, null);
        }
        if (!IsSimple(processor, out ByteLevelProcessor? trim))
        {
            return null;
        }
        Draft draft = Draft.Merge(processor.Process([new Draft([new Row(Marker, 0, 0, 0)], [])], addSpecial, new TokenSpaces(_ => "", [""])));
        int at = draft.Rows.FindIndex(r => r.Id == Marker);
        return at < 0 || draft.Rows.FindLastIndex(r => r.Id == Marker) != at ? null : new Frame([.. draft.Rows[..at]], [.. draft.Rows[(at + 1)..]], draft.Rows[at].Type, trim);
    }

    // Trimming has to come first, while a token's place among the tokens is still that in the text, and once.
    private static bool IsSimple(PostProcessor processor, out ByteLevelProcessor? trim)
    {
        trim = null;
        PostProcessor[] steps = processor is ProcessorSequence sequence ? [.. sequence.Steps] : [processor];
        for (int i = 0; i < steps.Length; i++)
        {
            ByteLevelProcessor? mine = steps[i] as ByteLevelProcessor ?? (steps[i] as RobertaProcessor)?.Trimming;
            if (steps[i] is ProcessorSequence || (mine is not null && i > 0) || (i > 0 && steps[..i].Any(s => s.Added(false) > 0)))
            {
                return false;
            }
            trim ??= mine;
        }
        return true;
    }
}

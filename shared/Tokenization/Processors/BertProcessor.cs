namespace Retrieval.Tokenization;

/// <summary>BertProcessing: cls A sep, and B sep of type 1.</summary>
internal sealed class BertProcessor(SpecialToken cls, SpecialToken sep) : PostProcessor
{
    public override int Added(bool pair) => pair ? 3 : 2;

    public override List<Draft> Process(List<Draft> drafts, bool addSpecial, TokenSpaces spaces) =>
        addSpecial ? [.. drafts.Select((d, i) => Around(d, i == 0 ? cls.Row(0) : null, sep.Row(i == 0 ? 0 : 1)))] : drafts;

    /// <summary>The same with a token at each end, in its overflow as well.</summary>
    public static Draft Around(Draft draft, Row? before, Row after) =>
        new([.. before is { } first ? [first] : (Row[])[], .. draft.Rows, after], [.. draft.Overflow.Select(o => Around(o, before, after))]);
}

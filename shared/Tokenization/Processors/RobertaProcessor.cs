namespace Retrieval.Tokenization;

/// <summary>RobertaProcessing: cls A sep, and sep B sep; all of type 0.</summary>
internal sealed class RobertaProcessor(SpecialToken cls, SpecialToken sep, ByteLevelProcessor? trim) : PostProcessor
{
    public override int Added(bool pair) => pair ? 4 : 2;

    public ByteLevelProcessor? Trimming => trim;

    public override List<Draft> Process(List<Draft> drafts, bool addSpecial, TokenSpaces spaces)
    {
        IEnumerable<Draft> all = (trim?.Process(drafts, addSpecial, spaces) ?? drafts).Select(d => d.WithType(0));
        return addSpecial ? [.. all.Select((d, i) => BertProcessor.Around(Untyped(d), (i == 0 ? cls : sep).Row(0), sep.Row(0)))] : [.. all];
    }

    private static Draft Untyped(Draft draft) => new(draft.Rows, [.. draft.Overflow.Select(o => o.WithType(0))]);
}

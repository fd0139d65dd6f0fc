namespace Retrieval.Tokenization;

/// <summary>ByteLevel as a post-processor: takes the spaces out of the offsets.</summary>
internal sealed class ByteLevelProcessor(bool addPrefixSpace) : PostProcessor
{
    public bool AddPrefixSpace => addPrefixSpace;

    public override int Added(bool pair) => 0;

    public override List<Draft> Process(List<Draft> drafts, bool addSpecial, TokenSpaces spaces) => [.. drafts.Select(d => Trim(d, spaces))];

    private Draft Trim(Draft draft, TokenSpaces spaces) => new([.. draft.Rows.Select((r, i) => spaces.Trim(r, i, addPrefixSpace))], [.. draft.Overflow.Select(o => Trim(o, spaces))]);
}

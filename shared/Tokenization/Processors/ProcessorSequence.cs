namespace Retrieval.Tokenization;

/// <summary>One after the other.</summary>
internal sealed class ProcessorSequence(IReadOnlyList<PostProcessor> steps) : PostProcessor
{
    public IReadOnlyList<PostProcessor> Steps => steps;

    public override int Added(bool pair) => steps.Sum(s => s.Added(pair));

    public override List<Draft> Process(List<Draft> drafts, bool addSpecial, TokenSpaces spaces) => steps.Aggregate(drafts, (d, step) => step.Process(d, addSpecial, spaces));
}

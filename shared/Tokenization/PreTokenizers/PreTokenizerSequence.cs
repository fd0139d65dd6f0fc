namespace Retrieval.Tokenization;

/// <summary>One after the other.</summary>
internal sealed class PreTokenizerSequence(PreTokenizer[] steps) : PreTokenizer
{
    public IReadOnlyList<PreTokenizer> Steps => steps;

    public override void Apply(Work work)
    {
        foreach (PreTokenizer step in steps)
        {
            step.Apply(work);
        }
    }
}

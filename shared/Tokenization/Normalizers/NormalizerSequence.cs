namespace Retrieval.Tokenization;

/// <summary>One after the other.</summary>
internal sealed class NormalizerSequence(Normalizer[] steps) : Normalizer
{
    // A sequence inside a sequence finds none and makes its own.
    [ThreadStatic]
    private static TextBuffer? t_one, t_other;

    public override bool Apply(AlignedText text, TextBuffer output)
    {
        TextBuffer free = t_one ?? new(), held = t_other ?? new();
        t_one = t_other = null;
        AlignedText current = text;
        bool changed = false;
        foreach (Normalizer step in steps.AsSpan(0, Math.Max(0, steps.Length - 1)))
        {
            free.Clear();
            if (step.Apply(current, free))
            {
                current = free.View;
                changed = true;
                (free, held) = (held, free);
            }
        }
        // The last one writes where the text is wanted.
        bool isWritten = steps.Length > 0 && steps[^1].Apply(current, output);
        if (changed && !isWritten)
        {
            output.Append(current);
        }
        (t_one, t_other) = (free, held);
        return changed || isWritten;
    }
}

namespace Retrieval.Tokenization;

/// <summary>Reads how often something is repeated.</summary>
internal static class Quantifiers
{
    private const int MostRepeats = 100_000;

    public static bool At(PatternReader reader)
    {
        int start = reader.Position;
        bool found = reader.Peek() is '*' or '+' or '?' || Interval(reader) is not null;
        reader.Back(start);
        return found;
    }

    /// <summary>A node with the quantifier at hand.</summary>
    public static Repeat Read(PatternReader reader, Node node)
    {
        if (reader.Peek() is '*' or '+' or '?')
        {
            int symbol = reader.Next();
            RepeatMode mode = reader.Take("?") ? RepeatMode.Lazy : reader.Take("+") ? RepeatMode.Possessive : RepeatMode.Greedy;
            return new Repeat(node, symbol == '+' ? 1 : 0, symbol == '?' ? 1 : int.MaxValue, mode);
        }
        (int min, int max) = Interval(reader)!.Value;
        if (min > max)
        {
            return new Repeat(node, max, min, RepeatMode.Possessive);
        }
        // {n}? is not lazy but optional; a + after braces repeats once more: both as the syntax has it.
        return min != max && reader.Take("?") ? new Repeat(node, min, max, RepeatMode.Lazy) : new Repeat(node, min, max, RepeatMode.Greedy);
    }

    // {n}, {n,}, {,m}, {n,m}; anything else is text.
    private static (int Min, int Max)? Interval(PatternReader reader)
    {
        int start = reader.Position;
        if (reader.Take("{"))
        {
            int? min = reader.Number();
            bool range = reader.Take(",");
            int? max = range ? reader.Number() : min;
            if (reader.Take("}") && (min is not null || max is not null))
            {
                return min > MostRepeats || max > MostRepeats ? throw reader.Wrong($"more than {MostRepeats} repetitions", start) : (min ?? 0, max ?? int.MaxValue);
            }
        }
        reader.Back(start);
        return null;
    }
}

using System.Text;

namespace Retrieval.Storage;

/// <summary>What a condition asks of one value.</summary>
internal abstract record ValueTest
{
    /// <summary>Whether the value passes.</summary>
    public abstract bool Holds(in FieldValue value);
}

/// <summary>One of these values.</summary>
internal sealed record OneOf(IReadOnlySet<FieldValue> Values) : ValueTest
{
    /// <inheritdoc/>
    public override bool Holds(in FieldValue value) => Values.Contains(value);
}

/// <summary>A value that is none of these; null is no value.</summary>
internal sealed record NoneOf(IReadOnlySet<FieldValue> Values) : ValueTest
{
    /// <inheritdoc/>
    public override bool Holds(in FieldValue value) => value.Kind != FieldKind.Null && !Values.Contains(value);
}

/// <summary>Numbers between bounds; infinite where there is none.</summary>
internal sealed record NumberRange(double From, bool WithFrom, double To, bool WithTo) : ValueTest
{
    /// <inheritdoc/>
    public override bool Holds(in FieldValue value) => value.AsNumber is { } x && (WithFrom ? x >= From : x > From) && (WithTo ? x <= To : x < To);
}

/// <summary>Times between bounds, in ticks of UTC, both included.</summary>
internal sealed record TimeRange(long From, long To) : ValueTest
{
    /// <inheritdoc/>
    public override bool Holds(in FieldValue value) => value.AsTime is { } time && time >= From && time <= To;
}

/// <summary>A string with this beginning.</summary>
internal sealed record BeginsWith(string Prefix) : ValueTest
{
    /// <inheritdoc/>
    public override bool Holds(in FieldValue value) => value.Kind == FieldKind.Text && value.Text!.StartsWith(Prefix, StringComparison.Ordinal);
}

/// <summary>How words have to be in a text.</summary>
internal enum WordOrder
{
    /// <summary>All, anywhere.</summary>
    All,
    /// <summary>One.</summary>
    Any,
    /// <summary>All, one behind the other.</summary>
    Phrase,
}

/// <summary>Words of a text, compared in lower case; no words are in no text.</summary>
internal sealed record HasWords(IReadOnlyList<string> Words, WordOrder Order) : ValueTest
{
    /// <summary>Runs of letters and digits, as Qdrant's tokenizer "word".</summary>
    public static List<string> Split(string text)
    {
        List<string> words = [];
        StringBuilder word = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune))
            {
                word.Append(Rune.ToLowerInvariant(rune));
            }
            else if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }
        if (word.Length > 0)
        {
            words.Add(word.ToString());
        }
        return words;
    }

    /// <inheritdoc/>
    public override bool Holds(in FieldValue value)
    {
        if (value.Kind != FieldKind.Text || Words.Count == 0)
        {
            return false;
        }
        List<string> have = Split(value.Text!);
        return Order switch
        {
            WordOrder.All => Words.All(have.Contains),
            WordOrder.Any => Words.Any(have.Contains),
            _ => Enumerable.Range(0, Math.Max(0, have.Count - Words.Count + 1)).Any(at => Words.Index().All(w => have[at + w.Index] == w.Item)),
        };
    }
}

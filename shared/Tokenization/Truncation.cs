namespace Retrieval.Tokenization;

/// <summary>An end of a text.</summary>
public enum Side
{
    /// <summary>The end.</summary>
    Right,

    /// <summary>The beginning.</summary>
    Left,
}

/// <summary>Which text of a pair is cut.</summary>
public enum TruncationStrategy
{
    /// <summary>The longer one, then both evenly.</summary>
    LongestFirst,

    /// <summary>The first; an error when it is too short.</summary>
    OnlyFirst,

    /// <summary>The second; an error when it is too short or not there.</summary>
    OnlySecond,
}

/// <summary>
/// Cuts encodings to a number of tokens. As in the reference, special tokens are counted when they are added, and a limit below their number does not cut;
/// what is cut off is returned as overflow, as far as the text was read to reach the limit.
/// </summary>
/// <param name="MaxLength">Tokens, special ones included.</param>
/// <param name="Stride">Tokens that neighbouring parts share.</param>
/// <param name="Strategy">Which text of a pair.</param>
/// <param name="Side">Which end is cut off.</param>
public sealed record Truncation(int MaxLength, int Stride = 0, TruncationStrategy Strategy = TruncationStrategy.LongestFirst, Side Side = Side.Right)
{
    /// <summary>Refuses a stride that leaves nothing of a part.</summary>
    internal void Check(int added)
    {
        if (MaxLength < 0 || Stride < 0)
        {
            throw new ArgumentException($"A maximal length of {MaxLength} tokens and a stride of {Stride} are not possible; both are 0 or more.");
        }
        if (MaxLength >= added && MaxLength - added < Stride)
        {
            throw new ArgumentException($"A stride of {Stride} tokens is more than what {MaxLength} tokens leave beside {added} special ones. Lower the stride or raise the maximal length.");
        }
    }

    /// <summary>Cuts one encoding or a pair.</summary>
    internal void Apply(Draft first, Draft? second, int added)
    {
        if (added > MaxLength)
        {
            return;
        }
        int most = MaxLength - added, total = first.Rows.Count + (second?.Rows.Count ?? 0);
        if (most == 0)
        {
            first.Truncate(0, Stride, Side);
            second?.Truncate(0, Stride, Side);
        }
        else if (total > most)
        {
            Cut(first, second, most, total - most);
        }
    }

    private void Cut(Draft first, Draft? second, int most, int excess)
    {
        if (Strategy != TruncationStrategy.LongestFirst)
        {
            Draft target = Strategy == TruncationStrategy.OnlyFirst ? first : second ?? throw new ArgumentException("Truncation of the second text only, and there is none. Give a pair or another strategy.");
            int left = target.Rows.Count - excess;
            target.Truncate(left > 0 ? left : throw new ArgumentException($"The text to cut has {target.Rows.Count} tokens, and {excess} must go. Choose another strategy or raise the maximal length."), Stride, Side);
        }
        else if (second is null)
        {
            first.Truncate(most, Stride, Side);
        }
        else
        {
            (int a, int b) = Share(first.Rows.Count, second.Rows.Count, most);
            first.Truncate(a, Stride, Side);
            second.Truncate(b, Stride, Side);
        }
    }

    private static (int First, int Second) Share(int first, int second, int most)
    {
        int shorter = Math.Min(first, second);
        int longer = shorter > most ? shorter : Math.Max(shorter, most - shorter);
        if (shorter + longer > most)
        {
            shorter = most / 2;
            longer = shorter + most % 2;
        }
        return first > second ? (longer, shorter) : (shorter, longer);
    }

    internal static Truncation? Read(JsonNodeReader node) => node.IsNull ? null : new Truncation(
        node["max_length"].Natural(),
        node["stride"].IsNull ? 0 : node["stride"].Natural(),
        node.String("strategy", "LongestFirst") switch
        {
            "LongestFirst" => TruncationStrategy.LongestFirst,
            "OnlyFirst" => TruncationStrategy.OnlyFirst,
            "OnlySecond" => TruncationStrategy.OnlySecond,
            _ => throw node["strategy"].Unsupported("LongestFirst, OnlyFirst, OnlySecond"),
        },
        node.Side("direction"));
}

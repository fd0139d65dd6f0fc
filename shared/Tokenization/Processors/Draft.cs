namespace Retrieval.Tokenization;

/// <summary>A token with all that is said of it.</summary>
/// <param name="Id">Vocabulary id.</param>
/// <param name="Type">Type id.</param>
/// <param name="Start">Index of its first char in its text.</param>
/// <param name="End">Index after its last.</param>
internal readonly record struct Row(int Id, int Type, int Start, int End)
{
    /// <summary>Added by the post-processor or by padding.</summary>
    public bool IsSpecial { get; init; }

    /// <summary>Padding: nothing to attend to.</summary>
    public bool IsPadding { get; init; }

    /// <summary>0 for a token of the first text, 1 for the second, -1 for neither.</summary>
    public int Sequence { get; init; }

    /// <summary>Index of its text among all texts of the call: where words are given, each is a text of its own.</summary>
    public int Source { get; init; }

    /// <summary>What it shows, where that is not the vocabulary's spelling.</summary>
    public string? Shown { get; init; }

    /// <summary>One that belongs to no text.</summary>
    public static Row Special(int id, int type, string? shown) => new(id, type, 0, 0) { IsSpecial = true, Sequence = -1, Source = -1, Shown = shown };
}

/// <summary>An encoding on its way through truncation, post-processing and padding.</summary>
internal sealed class Draft(List<Row> rows, List<Draft> overflow)
{
    public List<Row> Rows { get; private set; } = rows;

    /// <summary>The parts that truncation cut off.</summary>
    public List<Draft> Overflow { get; private set; } = overflow;

    /// <summary>The same with another type id; its overflow keeps the type ids it has, as in the reference.</summary>
    public Draft WithType(int type) => new([.. Rows.Select(r => r with { Type = type })], Overflow);

    /// <summary>One after the other; overflow is every combination of parts but that of the first ones, as in the reference.</summary>
    public static Draft Merge(IReadOnlyList<Draft> parts)
    {
        Draft merged = new([], []);
        foreach (Draft part in parts)
        {
            List<Draft> overflow = [];
            foreach (Draft mine in merged.Overflow)
            {
                overflow.Add(Join(mine, part));
                overflow.AddRange(part.Overflow.Select(other => Join(mine, other)));
            }
            overflow.AddRange(part.Overflow.Select(other => Join(merged, other)));
            merged.Rows.AddRange(part.Rows);
            merged.Overflow = overflow;
        }
        return merged;
    }

    private static Draft Join(Draft first, Draft second) => new([.. first.Rows, .. second.Rows], []);

    /// <summary>Cuts to a length; what is cut off becomes overflow, in parts of that length which share <paramref name="stride"/> tokens with their neighbour.</summary>
    public void Truncate(int length, int stride, Side side)
    {
        if (length >= Rows.Count)
        {
            return;
        }
        if (length == 0)
        {
            (Rows, Overflow) = ([], [new Draft(Rows, [])]);
            return;
        }
        if (stride >= length)
        {
            throw new ArgumentException($"A stride of {stride} tokens leaves nothing of a part of {length} tokens. Lower the stride or raise the maximal length.", nameof(stride));
        }
        List<Row> all = Rows;
        Draft[] parts = [.. Parts(all.Count, length, length - stride, side).Select(p => new Draft(all[p], []))];
        (Rows, Overflow) = (parts[0].Rows, [.. parts[1..]]);
    }

    private static IEnumerable<Range> Parts(int count, int length, int step, Side side)
    {
        if (side == Side.Right)
        {
            for (int start = 0; ; start += step)
            {
                int stop = Math.Min(start + length, count);
                yield return start..stop;
                if (stop == count)
                {
                    yield break;
                }
            }
        }
        for (int stop = count; ; stop -= step)
        {
            int start = Math.Max(0, stop - length);
            yield return start..stop;
            if (start == 0)
            {
                yield break;
            }
        }
    }

    /// <summary>Fills up to a length, the overflow as well.</summary>
    public void Pad(int length, Padding padding)
    {
        Overflow.ForEach(o => o.Pad(length, padding));
        int missing = length - Rows.Count;
        if (missing > 0)
        {
            Row pad = Row.Special(padding.Id, padding.TypeId, padding.Token) with { IsPadding = true };
            Rows.InsertRange(padding.Side == Side.Left ? 0 : Rows.Count, Enumerable.Repeat(pad, missing));
        }
    }
}

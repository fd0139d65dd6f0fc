namespace Retrieval.Tokenization;

/// <summary>
/// Decomposed characters on their way into canonical order and together again (UAX #15; The Unicode Standard 3.11), each with what it does to the source
/// (see <see cref="Transformation"/>). One a thread, used again and again.
/// </summary>
internal sealed class CombiningSequence
{
    // Marks in a row up to which insertion is the fastest sort.
    private const int Few = 32;

    [ThreadStatic]
    private static CombiningSequence? t_mine;

    private Part[] _parts = new Part[64];
    private Part[] _waiting = new Part[64];
    private int _count;

    private readonly record struct Part(int CodePoint, int Change, byte Class);

    /// <summary>The one of this thread.</summary>
    public static CombiningSequence Mine => t_mine ??= new CombiningSequence();

    public void Clear() => _count = 0;

    public void Add(int codePoint, int change)
    {
        if (_count == _parts.Length)
        {
            Array.Resize(ref _parts, _count * 2);
            Array.Resize(ref _waiting, _count * 2);
        }
        _parts[_count++] = new Part(codePoint, change, Decomposition.Class[codePoint]);
    }

    public void PutInOrder(ref Transformation output, bool compose)
    {
        Sort();
        if (compose)
        {
            Compose(ref output);
            return;
        }
        foreach (Part part in _parts.AsSpan(0, _count))
        {
            output.Put(part.CodePoint, part.Change);
        }
    }

    // Marks between two starters by combining class; those of one class stay in order.
    private void Sort()
    {
        for (int i = 0; i < _count;)
        {
            int end = i;
            while (end < _count && _parts[end].Class != 0)
            {
                end++;
            }
            SortMarks(_parts.AsSpan(i, end - i));
            i = end + 1;
        }
    }

    private static void SortMarks(Span<Part> marks)
    {
        if (marks.Length > Few)
        {
            SortByCounting(marks);
            return;
        }
        for (int i = 1; i < marks.Length; i++)
        {
            Part mark = marks[i];
            int at = i;
            for (; at > 0 && marks[at - 1].Class > mark.Class; at--)
            {
                marks[at] = marks[at - 1];
            }
            marks[at] = mark;
        }
    }

    private static void SortByCounting(Span<Part> marks)
    {
        Span<int> places = stackalloc int[257];
        places.Clear();
        foreach (Part mark in marks)
        {
            places[mark.Class + 1]++;
        }
        for (int i = 1; i < places.Length; i++)
        {
            places[i] += places[i - 1];
        }
        Part[] unsorted = System.Buffers.ArrayPool<Part>.Shared.Rent(marks.Length);
        marks.CopyTo(unsorted);
        foreach (Part mark in unsorted.AsSpan(0, marks.Length))
        {
            marks[places[mark.Class]++] = mark;
        }
        System.Buffers.ArrayPool<Part>.Shared.Return(unsorted);
    }

    // A starter takes in what it composes with, unless something of the same or a higher class stands between; what it does not take waits behind it.
    private void Compose(ref Transformation output)
    {
        Part? starter = null;
        int waiting = 0;
        foreach (Part part in _parts.AsSpan(0, _count))
        {
            if (starter is not { } before)
            {
                if (part.Class == 0)
                {
                    starter = part;
                }
                else
                {
                    output.Put(part.CodePoint, part.Change);
                }
                continue;
            }
            bool blocked = waiting > 0 && _waiting[waiting - 1].Class >= part.Class;
            int composed = blocked ? -1 : Decomposition.Compose(before.CodePoint, part.CodePoint);
            if (composed >= 0)
            {
                starter = new Part(composed, before.Change + part.Change - 1, 0);
            }
            else if (part.Class != 0)
            {
                _waiting[waiting++] = part;
            }
            else
            {
                Put(before, ref waiting, ref output);
                starter = part;
            }
        }
        if (starter is { } last)
        {
            Put(last, ref waiting, ref output);
        }
    }

    private void Put(Part starter, ref int waiting, ref Transformation output)
    {
        output.Put(starter.CodePoint, starter.Change);
        foreach (Part mark in _waiting.AsSpan(0, waiting))
        {
            output.Put(mark.CodePoint, mark.Change);
        }
        waiting = 0;
    }
}

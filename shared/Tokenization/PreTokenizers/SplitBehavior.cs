namespace Retrieval.Tokenization;

/// <summary>What becomes of the delimiters of a split.</summary>
internal enum SplitBehavior
{
    /// <summary>Left out.</summary>
    Removed,

    /// <summary>A piece each.</summary>
    Isolated,

    /// <summary>The end of the piece before; the second of two delimiters in a row begins a piece.</summary>
    MergedWithPrevious,

    /// <summary>The beginning of the piece after.</summary>
    MergedWithNext,

    /// <summary>One piece for delimiters in a row.</summary>
    Contiguous,
}

/// <summary>Makes pieces of a row of parts, delimiters and others, that cover a text.</summary>
internal struct PieceJoiner(SplitBehavior behavior, PieceSink sink)
{
    private int _start, _end;
    private bool _isPending, _lastIsDelimiter;

    public void Add(int start, int end, bool isDelimiter)
    {
        switch (behavior)
        {
            case SplitBehavior.Removed when isDelimiter:
                break;
            case SplitBehavior.Removed or SplitBehavior.Isolated:
                sink.Add(start, end);
                break;
            case SplitBehavior.MergedWithNext:
                MergeWithNext(start, end, isDelimiter);
                break;
            default:
                bool joins = behavior == SplitBehavior.Contiguous ? isDelimiter == _lastIsDelimiter : isDelimiter && !_lastIsDelimiter;
                Join(start, end, joins);
                _lastIsDelimiter = isDelimiter;
                break;
        }
    }

    /// <summary>No more parts.</summary>
    public void End()
    {
        if (_isPending)
        {
            sink.Add(_start, _end);
        }
    }

    private void Join(int start, int end, bool joins)
    {
        if (joins && _isPending)
        {
            _end = end;
            return;
        }
        End();
        (_start, _end, _isPending) = (start, end, true);
    }

    private void MergeWithNext(int start, int end, bool isDelimiter)
    {
        if (isDelimiter)
        {
            End();
            (_start, _end, _isPending) = (start, end, true);
        }
        else
        {
            sink.Add(_isPending ? _start : start, end);
            _isPending = false;
        }
    }
}

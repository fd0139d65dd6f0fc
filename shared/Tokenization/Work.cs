namespace Retrieval.Tokenization;

/// <summary>
/// The memory of one call: the text as it is now, its pieces, and the tokens so far. One a thread, used again and again, so that a call allocates nothing once
/// its buffers have the size of the texts.
/// </summary>
internal sealed class Work
{
    // A thread that met one huge text must not hold on to its memory for ever.
    private const int MostKept = 1 << 20;

    [ThreadStatic]
    private static Work? t_mine;

    private TextBuffer _nextText = new();
    private PieceList _nextPieces = new();
    private readonly TextBuffer _scratch = new();
    private readonly List<int> _words = [];

    /// <summary>The text as it is now.</summary>
    public TextBuffer Text { get; private set; } = new();

    /// <summary>Its parts, in order.</summary>
    public PieceList Pieces { get; private set; } = new();

    public TokenBuffer Tokens { get; } = new();

    /// <summary>The tokens that show another text than the vocabulary's spelling.</summary>
    public ShownTexts Shown { get; } = new();

    /// <summary>Index of the first token of each piece; only where <see cref="WantsWords"/>.</summary>
    public IReadOnlyList<int> Words => _words;

    /// <summary>Someone will look at <see cref="Words"/>.</summary>
    public bool WantsWords { get; set; }

    /// <summary>Takes this thread's memory; a call inside a call gets its own.</summary>
    public static Work Rent()
    {
        Work work = t_mine ?? new Work();
        t_mine = null;
        work.Reset();
        return work;
    }

    /// <summary>Forgets the text before.</summary>
    public void Reset()
    {
        Tokens.Clear();
        Shown.Clear();
        _words.Clear();
        WantsWords = false;
    }

    public static void Return(Work work) => t_mine = work.Text.Length <= MostKept ? work : null;

    /// <summary>Empty, to be filled with the text that comes next.</summary>
    public TextBuffer NextText()
    {
        _nextText.Clear();
        return _nextText;
    }

    /// <summary>Empty, to be filled with the pieces that come next.</summary>
    public PieceList NextPieces()
    {
        _nextPieces.Clear();
        return _nextPieces;
    }

    /// <summary>Empty, for the time of one piece.</summary>
    public TextBuffer Scratch()
    {
        _scratch.Clear();
        return _scratch;
    }

    /// <summary>What is in it.</summary>
    public AlignedText ScratchText => _scratch.View;

    /// <summary>A piece begins at this token.</summary>
    public void NoteWord(int token)
    {
        if (WantsWords)
        {
            _words.Add(token);
        }
    }

    /// <summary>Makes the next text the current one.</summary>
    public void TakeText() => (Text, _nextText) = (_nextText, Text);

    /// <summary>Makes the next pieces the current ones.</summary>
    public void TakePieces() => (Pieces, _nextPieces) = (_nextPieces, Pieces);
}

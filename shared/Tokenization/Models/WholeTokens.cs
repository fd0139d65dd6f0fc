namespace Retrieval.Tokenization;

/// <summary>
/// Which tokens come out whole when their own text is tokenized: most words of a text are such a token, and one look-up answers for them. Found out at the first question about a token
/// and kept in a byte; two threads that find out at once write the same.
/// </summary>
internal sealed class WholeTokens(int limit)
{
    private const byte Whole = 1, Split = 2;

    private readonly byte[] _known = new byte[limit];

    /// <summary>The answer; 0 when nobody has asked yet, 1 for yes, 2 for no.</summary>
    public byte this[int id] => _known[id];

    /// <summary>Keeps an answer.</summary>
    public bool Set(int id, bool isWhole)
    {
        _known[id] = isWhole ? Whole : Split;
        return isWhole;
    }
}

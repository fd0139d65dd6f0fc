namespace Retrieval.Tokenization;

/// <summary>
/// What is known of a token: whether it comes out whole when its own text is tokenized. Most words of a text are such a token, and one look-up answers for them.
/// Found out at the first question about a token and kept in a byte; two threads that find out at once keep the same.
/// </summary>
internal static class WholeTokens
{
    public const byte Unknown = 0, Whole = 1, Split = 2;
}

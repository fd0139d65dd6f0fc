namespace Retrieval.Tokenization;

/// <summary>A part of a text.</summary>
/// <param name="Start">UTF-16 index of its first char.</param>
/// <param name="End">Index after its last.</param>
/// <param name="Tokens">How many of the text's tokens are in it.</param>
public readonly record struct TokenSpan(int Start, int End, int Tokens);

/// <summary>
/// Cuts a tokenized text into parts of at most so many tokens: after as many whole words (pieces of the pre-tokenizer) as fit, and inside a word only where it alone
/// has more. The parts cover the text; no character is cut in two, and none that several tokens share.
/// </summary>
internal ref struct BudgetSplit(TokenBuffer tokens, IReadOnlyList<int> words, int length, int budget)
{
    private readonly ReadOnlySpan<int> _starts = tokens.Starts, _ends = tokens.Ends;
    private int _word;

    public List<TokenSpan> Parts()
    {
        List<TokenSpan> parts = [];
        for (int token = 0, start = 0; token < _starts.Length || start < length;)
        {
            int next = _starts.Length - token <= budget ? _starts.Length : Cut(token);
            int end = next == _starts.Length ? length : _starts[next];
            parts.Add(new TokenSpan(start, end, next - token));
            (token, start) = (next, end);
        }
        return parts;
    }

    /// <summary>The token that begins the next part.</summary>
    private int Cut(int from)
    {
        int last = from + budget, word = -1;
        for (; _word < words.Count && words[_word] <= last; _word++)
        {
            if (words[_word] > from && IsClean(words[_word]))
            {
                word = words[_word];
            }
        }
        if (word > 0)
        {
            return word;
        }
        for (int i = last; i > from; i--)
        {
            if (IsClean(i))
            {
                return i;
            }
        }
        int end = last + 1;
        while (end < _starts.Length && !IsClean(end))
        {
            end++;
        }
        throw new ArgumentException($"The characters {_starts[from]} to {_ends[end - 1]} of the text cannot be cut and have {end - from} tokens; the budget is {budget}. Raise the budget to that many.");
    }

    private readonly bool IsClean(int token) => _starts[token] >= _ends[token - 1] && _starts[token] > _starts[token - 1];
}

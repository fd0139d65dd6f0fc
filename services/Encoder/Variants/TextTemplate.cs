using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>What stands around a text when it is encoded.</summary>
/// <param name="Before">In front of it.</param>
/// <param name="After">Behind it.</param>
internal sealed record TextTemplate(string Before, string After)
{
    /// <summary>The place of the text in a template that is written out.</summary>
    public const string Text = "{text}";

    /// <summary>The text alone.</summary>
    public static TextTemplate None { get; } = new("", "");

    /// <summary>A prompt in front.</summary>
    public static TextTemplate Prompt(string prompt) => new(prompt, "");

    /// <summary>Reads <c>before {text} after</c>; null when the text has no place, or more than one.</summary>
    public static TextTemplate? Of(string written) => written.Split(Text) is [var before, var after] ? new TextTemplate(before, after) : null;

    /// <summary>As the vector space has it, with the places of a document's fields.</summary>
    public string OfDocuments => Before + VectorSpace.TitleAndText + After;

    /// <summary>The text with what stands around it.</summary>
    public string Around(string text) => Before + text + After;

    /// <summary>
    /// Tokens of a text in its template, special ones included. Over the limit the text is cut, never what stands behind it: a prompt whose last word
    /// is pooled would mean something else without its end.
    /// </summary>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="text">Without its template.</param>
    /// <param name="most">Tokens; null: as many as there are. The template alone has to fit.</param>
    public Encoding Encode(Tokenizer tokenizer, string text, int? most)
    {
        if (After.Length == 0)
        {
            return tokenizer.Encode(Before + text, true, most);
        }
        while (true)
        {
            Encoding tokens = tokenizer.Encode(Around(text), true, null);
            if (most is null || tokens.Ids.Length <= most || text.Length == 0)
            {
                return tokens;
            }
            // Each round ends before a token that begins inside the text: it gets shorter until it fits.
            int end = Before.Length + text.Length;
            int[] own = [.. Enumerable.Range(0, tokens.Ids.Length).Where(i => !tokens.IsSpecial[i] && tokens.Starts[i] >= Before.Length && tokens.Starts[i] < end)];
            int kept = own.Length - (tokens.Ids.Length - most.Value);
            text = kept <= 0 ? "" : text[..(tokens.Starts[own[kept]] - Before.Length)];
        }
    }
}

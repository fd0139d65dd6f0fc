using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>
/// The token of a template whose state Token Prepending overwrites (arXiv 2412.11556). The authors give it a fresh random embedding, and report that it
/// does not matter which: here it is a token that the vocabulary has.
/// </summary>
/// <param name="Token">As it stands in the template.</param>
/// <param name="Id">In the vocabulary.</param>
internal sealed record Placeholder(string Token, int Id)
{
    /// <summary>Finds the token in a vocabulary.</summary>
    /// <exception cref="ModelFormatException">It is several tokens, or none.</exception>
    public static Placeholder Of(string token, Tokenizer tokenizer, string file) => tokenizer.Encode(token, false, null).Ids is [var id] && tokenizer.TokenToId(token) == id ? new Placeholder(token, id)
        : throw new ModelFormatException(file, $"has the placeholder '{token}', which is not one token of the model's tokenizer.json. Name one of its added tokens that no text contains.");

    /// <summary>Refuses a template in which it does not stand once, before the text.</summary>
    public void Require(TextTemplate template, string file)
    {
        if (template.Before.Split(Token).Length != 2 || template.After.Contains(Token, StringComparison.Ordinal))
        {
            throw new ModelFormatException(file, $"has a template '{template.Around(TextTemplate.Text)}' in which the placeholder '{Token}' does not stand once, and before {TextTemplate.Text}. Put it before the text that it shall sum up.");
        }
    }

    /// <summary>Its column among the tokens of a text; -1 when the template has none, which turns the method off for the text.</summary>
    public int Column(TextTemplate template, Encoding tokens)
    {
        int start = template.Before.IndexOf(Token, StringComparison.Ordinal);
        return start < 0 ? -1 : Enumerable.Range(0, tokens.Ids.Length).Where(i => tokens.Ids[i] == Id && !tokens.IsSpecial[i] && tokens.Starts[i] == start).DefaultIfEmpty(-1).First();
    }
}

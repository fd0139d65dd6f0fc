using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>Tokens as text-embeddings-inference shows them.</summary>
internal static class TeiTokens
{
    /// <summary>Tokens of texts; a token's text is its slice of the input.</summary>
    public static TeiToken[][] Of(ServedModel served, Inputs inputs, TeiTokenize request)
    {
        if (inputs.Ids is not null)
        {
            throw new RetrievalException(ErrorKind.Invalid, "Token ids cannot be tokenized.", DialectBody.Field, help: "Send texts; /decode takes ids.");
        }
        EncoderModel model = served.Documents.Model;
        TextTemplate template = request.PromptName is { } name ? RequestPrompt.Of(model, TextTemplate.None, served.TemplateOf(InputKind.Query), new EmbedRequest([]) { PromptName = name }) : TextTemplate.None;
        EncodeOptions options = new() { AddSpecialTokens = request.AddSpecialTokens ?? true, Offsets = OffsetUnit.CodePoints };
        return [.. inputs.Texts.Select(t => Tokens(model.Tokenizer.Encode(EncodeInput.Text(template.Around(t)), options), template.Around(t)))];
    }

    /// <summary>Texts of ids.</summary>
    /// <exception cref="RetrievalException">Invalid: an id is no token.</exception>
    public static string[] Decode(Tokenizer tokenizer, Inputs ids, bool skipSpecial)
    {
        try
        {
            return ids.Ids is { } lists ? [.. lists.Select(l => tokenizer.DecodeKnown(l, skipSpecial))] : throw new RetrievalException(ErrorKind.Invalid, "The ids are not numbers.", DialectBody.Field);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or TokenizationException)
        {
            throw new RetrievalException(ErrorKind.Invalid, e.Message, "ids", inner: e);
        }
    }

    private static TeiToken[] Tokens(Encoding tokens, string text)
    {
        int[] places = Places(text);
        return [.. Enumerable.Range(0, tokens.Ids.Length).Select(i => tokens.IsSpecial[i] ? new TeiToken(tokens.Ids[i], tokens.Tokens[i], true, null, null)
            : new TeiToken(tokens.Ids[i], text[places[tokens.Starts[i]]..places[tokens.Ends[i]]], false, tokens.Starts[i], tokens.Ends[i]))];
    }

    /// <summary>UTF-16 index of each code point, and of the end.</summary>
    private static int[] Places(string text)
    {
        List<int> places = new(text.Length + 1);
        for (int i = 0; i < text.Length; i += i + 1 < text.Length && char.IsSurrogatePair(text, i) ? 2 : 1)
        {
            places.Add(i);
        }
        return [.. places, text.Length];
    }
}

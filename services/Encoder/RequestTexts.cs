using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>A request's texts or token ids as work for the queue: behind their prompt, within the limits.</summary>
internal static class RequestTexts
{
    /// <summary>Refuses a request of none or too many.</summary>
    public static void RequireCount(int count, EncoderOptions options)
    {
        if (count == 0 || count > options.MaxTexts)
        {
            throw new RetrievalException(count == 0 ? ErrorKind.Invalid : ErrorKind.TooLarge, $"{count} texts in one request are not possible.", "texts", $"{count}",
                $"1 to {options.MaxTexts} (Encoder:MaxTexts)", "Send them in several requests.");
        }
    }

    /// <summary>A text that may not be cut.</summary>
    public static RetrievalException TooLong(int index, int tokens, int most) =>
        new(ErrorKind.Invalid, $"Text {index} has {tokens} tokens.", "texts", $"{tokens} tokens", $"{most} tokens", "Shorten it, or allow truncation.");

    /// <summary>Work in the order of the request.</summary>
    /// <exception cref="RetrievalException">Invalid: an empty request, a text over the limit, an unknown prompt, an id that is no token; TooLarge: too many texts.</exception>
    public static TextWork[] Of(EncoderModel model, EmbedRequest request, bool wantsTokens, EncoderOptions options, CancellationToken cancellationToken)
    {
        if (request.Ids is not null && request.Texts.Count > 0)
        {
            throw new RetrievalException(ErrorKind.Invalid, "A request has texts and token ids.", "ids", help: "Send either texts or ids.");
        }
        RequireCount(request.Ids?.Count ?? request.Texts.Count, options);
        string prompt = RequestPrompt.Of(model, request);
        int leftOut = model.LeftOut(prompt);
        if (leftOut > 0 && request.CutStart)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Model '{model.Name}' leaves its instruction out by its place at the beginning.", "truncate", "start", "end", "Cut texts at the end.");
        }
        Encoding[] tokens = request.Ids is { } ids ? [.. ids.Select((own, i) => TokenIds.Frame(model, prompt, own, i, request))] : [.. request.Texts.Select((t, i) => Tokenize(model, prompt + t, i, request))];
        if (Array.FindIndex(tokens, t => t.Ids.Length <= leftOut) is >= 0 and var bare)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Text {bare} has no token behind its instruction.", "texts", $"{tokens[bare].Ids.Length} tokens", $"more than {leftOut} tokens", "Shorten the prompt, or send a text.");
        }
        return [.. tokens.Select(t => new TextWork(t, wantsTokens, leftOut, cancellationToken) { States = request.States, Normalize = request.Normalize })];
    }

    private static Encoding Tokenize(EncoderModel model, string text, int index, EmbedRequest request)
    {
        int most = model.Description.Space.MaxTokens;
        Encoding tokens = request is { Truncate: true, CutStart: true } ? model.Tokenizer.Encode(EncodeInput.Text(text), new EncodeOptions { Truncation = new Truncation(most, Side: Side.Left) })
            : model.Tokenizer.Encode(text, true, request.Truncate ? most : null);
        return tokens.Ids.Length <= most ? tokens : throw TooLong(index, tokens.Ids.Length, most);
    }
}

using System.Diagnostics;
using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>A request's texts or token ids on their way into the queue: behind their prompt, within the limits.</summary>
internal sealed class RequestTexts
{
    [ThreadStatic]
    private static EncodingBuffer? t_tokens;

    private readonly EncoderModel _model;
    private readonly EmbedRequest _request;
    private readonly int _leftOut;
    private readonly string _variant;

    private RequestTexts(EncoderModel model, EmbedRequest request, TextTemplate template)
    {
        (_model, _request, Template, _leftOut) = (model, request, template, model.LeftOut(template));
        _variant = $"{request.Normalize}\n{request.CutStart}\n{model.Identity}";
    }

    /// <summary>Stands around each.</summary>
    public TextTemplate Template { get; }

    /// <summary>Their side.</summary>
    public InputKind Kind => _request.Kind;

    /// <summary>Longer texts are cut instead of refused.</summary>
    public bool AreCut => _request.Truncate;

    /// <summary>Whether a text's vector has a name: token ids and parts have none.</summary>
    public bool HaveKeys => _request.Ids is null && _request.Spans is null;

    /// <summary>At least one.</summary>
    public int Count => _request.Ids?.Count ?? _request.Texts.Count;

    /// <summary>A request for a model.</summary>
    /// <param name="model">That encodes the texts.</param>
    /// <param name="request">Its side settled.</param>
    /// <param name="template">Around each text.</param>
    /// <param name="options">Most texts.</param>
    /// <exception cref="RetrievalException">Invalid: none, texts beside ids, an unknown prompt; TooLarge: too many.</exception>
    public static RequestTexts Of(EncoderModel model, EmbedRequest request, TextTemplate template, EncoderOptions options)
    {
        if (request.Ids is not null && request.Texts.Count > 0)
        {
            throw new RetrievalException(ErrorKind.Invalid, "A request has texts and token ids.", "ids", help: "Send either texts or ids.");
        }
        RequireCount(request.Ids?.Count ?? request.Texts.Count, options);
        RequestTexts texts = new(model, request, template);
        bool overwrites = model.HasPlaceholder(template);
        return (texts._leftOut > 0 || overwrites) && request.CutStart ? throw new RetrievalException(ErrorKind.Invalid, $"Model '{model.Name}' {(overwrites ? "overwrites a token of its template" : "leaves its instruction out")} by its place at the beginning.", "truncate", "start", "end", "Cut texts at the end.")
            : (overwrites || template.After.Length > 0) && request.Ids is not null ? throw new RetrievalException(ErrorKind.Invalid, $"Model '{model.Name}' has a template around its texts, '{template.Around(TextTemplate.Text)}', which is not put around token ids.", "ids", help: "Send texts, or a prompt of your own.")
            : texts;
    }

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

    /// <summary>Names the vector of a text, before a prefix of it is kept: whatever decides its numbers is in it.</summary>
    public VectorKey Key(int index) => VectorKey.Of(_variant, _leftOut, Template, _request.Texts[index]);

    /// <summary>Work for one of them.</summary>
    /// <exception cref="RetrievalException">Invalid: it is over the limit and may not be cut, has no token behind its instruction, or an id that is no token.</exception>
    public TextWork Work(int index, bool wantsTokens, ActivityContext trace, CancellationToken cancellationToken)
    {
        int most = _model.Description.Space.MaxTokens;
        TextWork work;
        if (wantsTokens || _request.Ids is not null || _request.Spans is not null || _request is { Truncate: true, CutStart: true } || Template.After.Length > 0 || _model.HasPlaceholder(Template))
        {
            Encoding encoded = Encoded(index, most);
            work = new TextWork(encoded, wantsTokens, _leftOut, cancellationToken)
            {
                Parts = _request.Spans is { } spans && encoded.Ids.Length <= most ? SpanTokens.Of(encoded, Template.Before.Length, _request.Texts[index].Length, spans[index]) : null, Trace = trace, States = _request.States, Normalize = _request.Normalize, Placeholder = _model.Column(Template, encoded),
            };
        }
        else
        {
            EncodingBuffer tokens = t_tokens ??= new EncodingBuffer();
            _model.Tokenizer.Encode(Template.Before + _request.Texts[index], true, _request.Truncate ? most : int.MaxValue, tokens);
            work = new TextWork(tokens, _leftOut, cancellationToken) { Trace = trace, Normalize = _request.Normalize };
        }
        RetrievalException? refusal = work.Length > most ? TooLong(index, work.Length, most)
            : work.Length <= _leftOut ? new RetrievalException(ErrorKind.Invalid, $"Text {index} has no token behind its instruction.", "texts", $"{work.Length} tokens", $"more than {_leftOut} tokens", "Shorten the prompt, or send a text.")
            : null;
        if (refusal is not null)
        {
            work.Settle(null, refusal);
            _ = work.Done.Task.Exception; // seen: nobody waits for it
            throw refusal;
        }
        return work;
    }

    private Encoding Encoded(int index, int most) => _request.Ids is { } ids ? TokenIds.Frame(_model, Template.Before, ids[index], index, _request)
        : _request is { Truncate: true, CutStart: true } ? _model.Tokenizer.Encode(EncodeInput.Text(Template.Around(_request.Texts[index])), new EncodeOptions { Truncation = new Truncation(most, Side: Side.Left) })
        : Template.Encode(_model.Tokenizer, _request.Texts[index], _request.Truncate && _request.Spans is null ? most : null);
}

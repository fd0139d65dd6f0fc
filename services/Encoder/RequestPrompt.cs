using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>What stands around a text: the request's own words, one of the model's prompts by name, or that of the text's side.</summary>
internal static class RequestPrompt
{
    private const string Instruct = "Instruct: ";

    /// <summary>The side that a request means: a prompt's name says it where the request does not.</summary>
    public static EmbedRequest WithSide(EmbedRequest request) => (request.Kind, request.PromptName) switch
    {
        (InputKind.Raw, "query") => request with { Kind = InputKind.Query },
        (InputKind.Raw, "document" or "passage") => request with { Kind = InputKind.Document },
        _ => request,
    };

    /// <summary>What stands around a request's texts.</summary>
    /// <param name="model">That encodes them.</param>
    /// <param name="own">Around a text of their side, where the request says nothing else.</param>
    /// <param name="ofQueries">Around a query.</param>
    /// <param name="request">Its side settled.</param>
    /// <exception cref="RetrievalException">Invalid: several prompts at once, an unknown name, an instruction for a model without a place for it, or a prompt that leaves no room.</exception>
    public static TextTemplate Of(EncoderModel model, TextTemplate own, TextTemplate ofQueries, EmbedRequest request)
    {
        if (new[] { request.Prompt, request.PromptName, request.Instruction }.Count(p => p is not null) > 1)
        {
            throw new RetrievalException(ErrorKind.Invalid, "A request has more than one of prompt, prompt name and instruction.", "prompt", help: "Send one of them.");
        }
        return request.Prompt is { } words ? RequireRoom(model, TextTemplate.Prompt(words))
            : request.PromptName is { } name ? Named(model, ofQueries, name)
            : request.Instruction is { } task ? RequireRoom(model, Instructed(model, own == TextTemplate.None ? ofQueries : own, task))
            : own;
    }

    private static TextTemplate Named(EncoderModel model, TextTemplate ofQueries, string name) => (name == "query" && (ofQueries != TextTemplate.None || model.Folder.Prompts.ContainsKey(name)) ? ofQueries : model.Folder.TemplateNamed(name))
        ?? throw new RetrievalException(ErrorKind.Invalid, $"Model '{model.Name}' has no prompt '{name}'.", "prompt_name", name, model.Folder.Prompts.Count == 0 ? "none: the model has no prompts" : string.Join(", ", model.Folder.Prompts.Keys), "Name one of its prompts, or send the words themselves as prompt.");

    private static TextTemplate Instructed(EncoderModel model, TextTemplate template, string task)
    {
        string prompt = template.Before;
        int end = prompt.IndexOf('\n', StringComparison.Ordinal);
        return prompt.StartsWith(Instruct, StringComparison.Ordinal) && end >= 0 && !task.Contains('\n', StringComparison.Ordinal) ? template with { Before = $"{Instruct}{task}{prompt[end..]}" }
            : throw new RetrievalException(ErrorKind.Invalid, $"Model '{model.Name}' has no prompt of the form '{Instruct}' with a line break, or the instruction has several lines.", "instruction",
                help: "Send the whole prompt, as the model was trained with it, in place of an instruction.");
    }

    private static TextTemplate RequireRoom(EncoderModel model, TextTemplate template)
    {
        int tokens = template == TextTemplate.None ? 0 : model.Tokenizer.Encode(template.Around(""), true, null).Ids.Length, most = model.Description.Space.MaxTokens;
        return tokens < most ? template : throw new RetrievalException(ErrorKind.Invalid, $"The prompt has {tokens} tokens and leaves none to a text.", "prompt", $"{tokens} tokens", $"fewer than {most} tokens", "Shorten it.");
    }
}

using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>What is put before a text: the request's own words, one of the model's prompts by name, or that of the text's side.</summary>
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

    /// <summary>The prompt of a request's texts; empty for none.</summary>
    /// <exception cref="RetrievalException">Invalid: several prompts at once, an unknown name, an instruction for a model without a place for it, or a prompt that leaves no room.</exception>
    public static string Of(EncoderModel model, EmbedRequest request)
    {
        ModelFolder folder = model.Folder;
        if (new[] { request.Prompt, request.PromptName, request.Instruction }.Count(p => p is not null) > 1)
        {
            throw new RetrievalException(ErrorKind.Invalid, "A request has more than one of prompt, prompt name and instruction.", "prompt", help: "Send one of them.");
        }
        string own = folder.PromptOf(request.Kind);
        return request.Prompt is { } words ? RequireRoom(model, words)
            : request.PromptName is { } name ? Named(model, name)
            : request.Instruction is { } task ? RequireRoom(model, Instructed(model, own.Length > 0 ? own : folder.QueryPrompt, task))
            : own;
    }

    private static string Named(EncoderModel model, string name) => model.Folder.PromptNamed(name)
        ?? throw new RetrievalException(ErrorKind.Invalid, $"Model '{model.Name}' has no prompt '{name}'.", "prompt_name", name, model.Folder.Prompts.Count == 0 ? "none: the model has no prompts" : string.Join(", ", model.Folder.Prompts.Keys), "Name one of its prompts, or send the words themselves as prompt.");

    private static string Instructed(EncoderModel model, string prompt, string task)
    {
        int end = prompt.IndexOf('\n', StringComparison.Ordinal);
        return prompt.StartsWith(Instruct, StringComparison.Ordinal) && end >= 0 && !task.Contains('\n', StringComparison.Ordinal) ? $"{Instruct}{task}{prompt[end..]}"
            : throw new RetrievalException(ErrorKind.Invalid, $"Model '{model.Name}' has no prompt of the form '{Instruct}' with a line break, or the instruction has several lines.", "instruction",
                help: "Send the whole prompt, as the model was trained with it, in place of an instruction.");
    }

    private static string RequireRoom(EncoderModel model, string prompt)
    {
        int tokens = prompt.Length == 0 ? 0 : model.Tokenizer.Encode(prompt, true, null).Ids.Length, most = model.Description.Space.MaxTokens;
        return tokens < most ? prompt : throw new RetrievalException(ErrorKind.Invalid, $"The prompt has {tokens} tokens and leaves none to a text.", "prompt", $"{tokens} tokens", $"fewer than {most} tokens", "Shorten it.");
    }
}

using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>Sides of a search and tasks, in the words of several APIs.</summary>
internal static class InputTypes
{
    private static readonly string[] Queries = ["query", "search_query", "retrieval.query"], Documents = ["document", "passage", "search_document", "retrieval.passage"], Neither = ["classification", "clustering", "text-matching", "separation", "text", "none"];

    /// <summary>Words that are understood.</summary>
    public static string Known => string.Join(", ", (string[])[.. Queries, .. Documents, .. Neither]);

    /// <summary>
    /// A request with its side and prompt. A word that names one of the model's prompts takes that prompt; otherwise it takes the side that it means. Where nothing is
    /// said at all, the model's default prompt is meant, as sentence-transformers has it.
    /// </summary>
    /// <param name="request">Without prompt.</param>
    /// <param name="model">Its model.</param>
    /// <param name="word">input_type or task; null: none.</param>
    /// <param name="field">Its name, for the error.</param>
    public static EmbedRequest Apply(EmbedRequest request, EncoderDescription model, string? word, string field)
    {
        bool prompted = request.PromptName is not null || request.Prompt is not null || request.Instruction is not null;
        if (word is null)
        {
            return prompted || model.DefaultPrompt is not { } meant || !model.Prompts.Contains(meant) ? request : request with { PromptName = meant };
        }
        bool named = !prompted && model.Prompts.Contains(word);
        InputKind? side = Queries.Contains(word) ? InputKind.Query : Documents.Contains(word) ? InputKind.Document : Neither.Contains(word) || named ? InputKind.Raw : null;
        return side is not { } kind ? throw new RetrievalException(ErrorKind.Invalid, $"'{word}' is no {field}.", field, word, Known, "Take one of these, or the name of one of the model's prompts.")
            : request with { Kind = kind, PromptName = named ? word : request.PromptName };
    }
}

namespace Retrieval.Contracts;

/// <summary>What every document has to be, whichever way it comes in.</summary>
public static class DocumentRules
{
    private const int MaxId = 512;

    /// <summary>Refuses an id that is empty, too long or has control characters.</summary>
    public static string RequireId(string? id) => id switch
    {
        null or "" => throw new RetrievalException(ErrorKind.Invalid, "The document has no id.", "id", id, $"1 to {MaxId} characters", "Give every document an id that is unique in its collection."),
        { Length: > MaxId } => throw new RetrievalException(ErrorKind.Invalid, $"The id has {id.Length} characters.", "id", id[..32] + "…", $"1 to {MaxId} characters"),
        _ when id.Any(char.IsControl) => throw new RetrievalException(ErrorKind.Invalid, "The id has a control character.", "id", null, "no control characters"),
        _ => id,
    };

    /// <summary>Refuses a document without text.</summary>
    public static void RequireText(DocumentInput document)
    {
        if (string.IsNullOrWhiteSpace(document.Text))
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Document '{document.Id}' has no text.", "text", document.Text is null ? null : "white space only", "at least one visible character",
                "Send the text in the field 'text', or as the raw body with Content-Type text/plain or text/markdown.");
        }
    }

    /// <summary>Refuses a version below 1.</summary>
    public static void RequireVersion(long? version)
    {
        if (version is < 1)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Version {version} is not possible.", "version", $"{version}", "1 or more", "Count up, or leave the version out.");
        }
    }
}

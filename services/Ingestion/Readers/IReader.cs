using Retrieval.Contracts;

namespace Retrieval.Ingestion.Readers;

/// <summary>
/// From the bytes of one format to text. One file a format: a new one is a class here and a line in <see cref="ReaderTable"/>. A reader has no state, never
/// touches disk or network, and refuses with <see cref="ErrorKind.Invalid"/> what it cannot read.
/// </summary>
internal interface IReader
{
    /// <summary>What it reads.</summary>
    FileFormat Format { get; }

    /// <summary>The text, or a reason in words for whoever owns the file.</summary>
    /// <exception cref="RetrievalException">Invalid or TooLarge, with the reason.</exception>
    ReadText Read(ReadRequest request);
}

/// <summary>A file to read.</summary>
/// <param name="MediaType">As declared; <see cref="FileFormat.Unknown"/> where nobody knows.</param>
/// <param name="Name">Id of the document; its ending counts where content and media type do not decide.</param>
/// <param name="Url">Where it is from: relative links are resolved against it.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="MaxCharacters">Most characters of text.</param>
internal sealed record ReadRequest(string MediaType, string Name, string? Url, byte[] Content, int MaxCharacters);

/// <summary>What a reader makes of a file.</summary>
/// <param name="Text">What is stored, and what offsets point into.</param>
/// <param name="MediaType">Of the text: text/plain, text/markdown (headings, lists, tables) or text/x-source.</param>
internal sealed record ReadText(string Text, string MediaType)
{
    /// <summary>Title that the file itself names.</summary>
    public string? Title { get; init; }

    /// <summary>Language that the file itself names, as BCP 47.</summary>
    public string? Language { get; init; }

    /// <summary>Charset, where it was not UTF-8.</summary>
    public string? Charset { get; init; }

    /// <summary>Media type of the file.</summary>
    public string? Source { get; init; }

    /// <summary>UTF-16 index at which each page begins; null for formats without pages.</summary>
    public IReadOnlyList<int>? Pages { get; init; }
}

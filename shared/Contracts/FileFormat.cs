namespace Retrieval.Contracts;

/// <summary>A format that documents are read from.</summary>
/// <param name="Name">For messages.</param>
/// <param name="MediaTypes">The first is the one that is stored.</param>
/// <param name="Extensions">With the dot, lower case.</param>
public sealed record FileFormat(string Name, IReadOnlyList<string> MediaTypes, IReadOnlyList<string> Extensions)
{
    /// <summary>Bytes of any kind: the format shows in them, and in the ending of the document's id.</summary>
    public const string Unknown = "application/octet-stream";

    /// <summary>The formats by name.</summary>
    public static FileFormat Text { get; } = new("plain text", ["text/plain"], [".txt", ".text", ".log"]);

    /// <inheritdoc cref="Text"/>
    public static FileFormat Markdown { get; } = new("Markdown", ["text/markdown"], [".md", ".markdown"]);

    /// <inheritdoc cref="Text"/>
    public static FileFormat Html { get; } = new("HTML", ["text/html", "application/xhtml+xml"], [".html", ".htm", ".xhtml"]);

    /// <inheritdoc cref="Text"/>
    public static FileFormat Docx { get; } = new("DOCX", ["application/vnd.openxmlformats-officedocument.wordprocessingml.document"], [".docx"]);

    /// <inheritdoc cref="Text"/>
    public static FileFormat Pdf { get; } = new("PDF", ["application/pdf"], [".pdf"]);

    /// <inheritdoc cref="Text"/>
    public static FileFormat Csv { get; } = new("CSV", ["text/csv", "text/tab-separated-values"], [".csv", ".tsv"]);

    /// <summary>Any JSON; as the body of a PUT, application/json is the document's own envelope and not this.</summary>
    public static FileFormat Json { get; } = new("JSON", ["application/json"], [".json"]);

    /// <summary>A JSON value a line.</summary>
    public static FileFormat NdJson { get; } = new("NDJSON", ["application/x-ndjson"], [".ndjson", ".jsonl"]);

    /// <summary>Programs and settings, cut by lines.</summary>
    public static FileFormat Source { get; } = new("source code", ["text/x-source"],
    [
        ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".fs", ".vb", ".java", ".kt", ".scala", ".go", ".rs", ".swift", ".py", ".rb", ".pl", ".pm", ".php", ".lua", ".r", ".jl", ".js", ".mjs", ".ts", ".tsx", ".jsx", ".css", ".scss",
        ".sql", ".sh", ".bash", ".ps1", ".bat", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".xml", ".csproj", ".props", ".proto", ".tf", ".tex", ".hs", ".ml", ".ex", ".exs", ".clj", ".dart", ".zig", ".gradle", ".cmake", ".vue",
    ]);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<FileFormat> All { get; } = [Text, Markdown, Html, Docx, Pdf, Csv, Json, NdJson, Source];

    /// <summary>Null when no format has this media type.</summary>
    public static FileFormat? OfMediaType(string mediaType) => All.FirstOrDefault(f => f.MediaTypes.Contains(mediaType, StringComparer.OrdinalIgnoreCase));

    /// <summary>Null when no format has the ending of this name.</summary>
    public static FileFormat? OfName(string name) => All.FirstOrDefault(f => f.Extensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase));
}

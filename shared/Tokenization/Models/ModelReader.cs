namespace Retrieval.Tokenization;

/// <summary>The model of the file.</summary>
internal static class ModelReader
{
    private const string Supported = "WordPiece, BPE, Unigram, WordLevel";

    /// <param name="node">The model.</param>
    /// <param name="elsewhere">Ids of added tokens, which the vocabulary may leave out.</param>
    public static Model Read(JsonNodeReader node, IReadOnlySet<int> elsewhere) => Type(node) switch
    {
        "WordPiece" => WordPieceModel.Read(node, elsewhere),
        var other => throw node["type"].Unsupported(Supported, other),
    };

    /// <summary>Old files name no type; the reference then goes by the fields, and so does this.</summary>
    private static string Type(JsonNodeReader model) => !model["type"].IsNull ? model.Type
        : !model["merges"].IsNull ? "BPE"
        : model["vocab"].Element.ValueKind == System.Text.Json.JsonValueKind.Array ? "Unigram"
        : model["max_input_chars_per_word"].IsNull && model["continuing_subword_prefix"].IsNull ? "WordLevel"
        : "WordPiece";
}

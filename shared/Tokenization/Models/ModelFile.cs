using System.Text.Json;

namespace Retrieval.Tokenization;

/// <summary>The model component of a file.</summary>
internal static class ModelFile
{
    private const string Supported = "BPE, Unigram, WordLevel, WordPiece";

    /// <param name="node">The model.</param>
    /// <param name="elsewhere">Ids of added tokens; they may be missing in the vocabulary.</param>
    public static Model Read(JsonNodeReader node, IReadOnlySet<int> elsewhere)
    {
        if (node.Element.ValueKind != JsonValueKind.Object)
        {
            throw node.Wrong("expected the model, an object");
        }
        string type = Type(node);
        try
        {
            return type switch
            {
                "BPE" => BpeModel.Read(node, elsewhere),
                "Unigram" => UnigramModel.Read(node),
                "WordLevel" => WordLevelModel.Read(node, elsewhere),
                "WordPiece" => WordPieceModel.Read(node, elsewhere),
                _ => throw node["type"].Unsupported(Supported),
            };
        }
        catch (InvalidOperationException e)
        {
            throw new TokenizerFormatException(node.File, node["vocab"].Path, e.Message, e);
        }
    }

    /// <summary>Old files name no type; the reference then goes by the fields, and so does this.</summary>
    private static string Type(JsonNodeReader node) => !node["type"].IsNull ? node.Type
        : !node["merges"].IsNull ? "BPE"
        : node["vocab"].Element.ValueKind == JsonValueKind.Array ? "Unigram"
        : node["max_input_chars_per_word"].IsNull && node["continuing_subword_prefix"].IsNull ? "WordLevel"
        : "WordPiece";
}

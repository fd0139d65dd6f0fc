using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Unicode;

namespace Retrieval.Tokenization;

/// <summary>Makes a tokenizer of the bytes of tokenizer.json.</summary>
internal static class TokenizerReader
{
    public static Tokenizer Parse(byte[] json, string name)
    {
        if (!Utf8.IsValid(json))
        {
            throw new TokenizerFormatException(name, "", "is not UTF-8. Fetch the file again.");
        }
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return Read(new JsonNodeReader(name, "", document.RootElement), Convert.ToHexStringLower(SHA256.HashData(json)));
        }
        catch (JsonException e)
        {
            throw new TokenizerFormatException(name, "", $"is not whole JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}). Fetch the file again.", e);
        }
    }

    private static Tokenizer Read(JsonNodeReader file, string hash)
    {
        JsonNodeReader model = file["model"];
        if (model.Element.ValueKind != JsonValueKind.Object)
        {
            throw model.Wrong("expected the model, an object");
        }
        Normalizer? normalizer = NormalizerReader.Read(file["normalizer"]);
        PreTokenizer? preTokenizer = PreTokenizerReader.Read(file["pre_tokenizer"]);
        Model loaded = ModelFile.Read(model, AddedTokensReader.Ids(file["added_tokens"]));
        (preTokenizer, loaded) = WithoutSpelling(preTokenizer, loaded);
        AddedTokens added = AddedTokensReader.Read(file["added_tokens"], loaded, normalizer);
        Pipeline pipeline = new(added, normalizer, preTokenizer, loaded);
        bool IsKnown(int id) => added[id] is not null || loaded.IdToToken(id) is not null;
        return new Tokenizer(hash, pipeline, PostProcessorReader.Read(file["post_processor"], IsKnown), DecoderReader.Read(file["decoder"]))
        {
            FileTruncation = Truncation.Read(file["truncation"]),
            FilePadding = Padding.Read(file["padding"]),
        };
    }

    /// <summary>A byte-level model that takes text as it is, where bytes would be spelled only to be read by the model.</summary>
    private static (PreTokenizer?, Model) WithoutSpelling(PreTokenizer? preTokenizer, Model model)
    {
        PreTokenizer[] steps = preTokenizer is PreTokenizerSequence sequence ? [.. sequence.Steps] : preTokenizer is null ? [] : [preTokenizer];
        return steps is [.. var before, ByteLevelPreTokenizer last] && (model as BpeModel)?.OverBytes() is { } overBytes
            ? (before.Length == 0 ? last.Unspelled : new PreTokenizerSequence([.. before, last.Unspelled]), overBytes)
            : (preTokenizer, model);
    }
}

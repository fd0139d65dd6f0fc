using System.Security.Cryptography;
using System.Text;

namespace Retrieval.Tokenization;

/// <summary>Makes a tokenizer of the bytes of tokenizer.json.</summary>
internal static class TokenizerReader
{
    /// <param name="json">The bytes of tokenizer.json.</param>
    /// <param name="name">Stands for the file in messages.</param>
    /// <param name="config">What the files beside it say.</param>
    public static Tokenizer Parse(byte[] json, string name, TokenizerConfig config)
    {
        JsonNodeReader file = JsonFile.Parse(json, name);
        Normalizer? normalizer = NormalizerReader.Read(file["normalizer"]);
        PreTokenizer? preTokenizer = PreTokenizerReader.Read(file["pre_tokenizer"]);
        Model model = ModelFile.Read(file["model"], AddedTokensReader.Ids(file["added_tokens"], config));
        (preTokenizer, model) = WithoutSpelling(preTokenizer, model);
        (AddedTokens added, string more) = AddedTokensReader.Read(file["added_tokens"], model, normalizer, config);
        bool IsKnown(int id) => added[id] is not null || model.IdToToken(id) is not null;
        PostProcessor? processor = PostProcessorReader.Read(file["post_processor"], IsKnown);
        return new Tokenizer(Hash(json, more), new Pipeline(added, normalizer, preTokenizer, model), processor, DecoderReader.Read(file["decoder"]))
        {
            Config = config,
            FileTruncation = Truncation.Read(file["truncation"]) ?? (config.MaxLength is { } length ? new Truncation(length, Side: config.TruncationSide) : null),
            FilePadding = Padding.Read(file["padding"]) ?? Pad(config, added, model),
        };
    }

    /// <summary>Of the file alone, unless the files beside it added tokens.</summary>
    private static string Hash(byte[] json, string more) => Convert.ToHexStringLower(SHA256.HashData(more.Length == 0 ? json : [.. json, .. System.Text.Encoding.UTF8.GetBytes(more)]));

    private static Padding? Pad(TokenizerConfig config, AddedTokens added, Model model) =>
        config.SpecialTokens.TryGetValue("pad_token", out string? pad) && (added.Ids.TryGetValue(pad, out int id) ? id : model.TokenToId(pad)) is { } known
            ? new Padding(known, pad) { Side = config.PaddingSide }
            : null;

    /// <summary>A byte-level model that takes text as it is, where bytes would be spelled only to be read by the model.</summary>
    private static (PreTokenizer?, Model) WithoutSpelling(PreTokenizer? preTokenizer, Model model)
    {
        PreTokenizer[] steps = preTokenizer is PreTokenizerSequence sequence ? [.. sequence.Steps] : preTokenizer is null ? [] : [preTokenizer];
        return steps is [.. var before, ByteLevelPreTokenizer last] && (model as BpeModel)?.OverBytes() is { } overBytes
            ? (before.Length == 0 ? last.Unspelled : new PreTokenizerSequence([.. before, last.Unspelled]), overBytes)
            : (preTokenizer, model);
    }
}

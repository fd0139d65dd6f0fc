namespace Retrieval.Tokenization;

/// <summary>What the files beside tokenizer.json say: tokenizer_config.json, special_tokens_map.json and config_sentence_transformers.json. All of it may be missing.</summary>
public sealed record TokenizerConfig
{
    private static readonly string[] Roles = ["unk_token", "cls_token", "sep_token", "pad_token", "mask_token", "bos_token", "eos_token"];

    /// <summary>Longest input of the model in tokens (model_max_length); null: not said, or a value that stands for no limit.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Where padding goes.</summary>
    public Side PaddingSide { get; init; }

    /// <summary>Which end is cut off.</summary>
    public Side TruncationSide { get; init; }

    /// <summary>Tokens by their role: cls_token, pad_token and so on.</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens { get; init; } = new Dictionary<string, string>();

    /// <summary>Texts to put before an input, by name, such as query.</summary>
    public IReadOnlyDictionary<string, string> Prompts { get; init; } = new Dictionary<string, string>();

    /// <summary>Name of the prompt that is meant when none is named.</summary>
    public string? DefaultPrompt { get; init; }

    /// <summary>Tokens that the files name, and that are added tokens even where tokenizer.json does not say so.</summary>
    internal IReadOnlyList<NamedToken> Named { get; init; } = [];

    internal bool LowerCase { get; init; } = true;

    internal bool ChineseCharacters { get; init; } = true;

    internal bool? StripAccents { get; init; }

    /// <summary>What a folder's files say.</summary>
    /// <exception cref="TokenizerFormatException">One of them is damaged.</exception>
    public static TokenizerConfig Read(string folder)
    {
        JsonNodeReader config = JsonFile.Optional(folder, "tokenizer_config.json"), map = JsonFile.Optional(folder, "special_tokens_map.json");
        JsonNodeReader sentences = JsonFile.Optional(folder, "config_sentence_transformers.json"), prompts = sentences["prompts"];
        List<(string Role, NamedToken Token)> roles = [.. Roles.Select(r => (Role: r, Node: config[r].IsNull ? map[r] : config[r])).Where(r => !r.Node.IsNull).Select(r => (r.Role, NamedToken.Special(r.Node)))];
        return new TokenizerConfig
        {
            MaxLength = Length(config["model_max_length"]),
            PaddingSide = Side(config["padding_side"]),
            TruncationSide = Side(config["truncation_side"]),
            SpecialTokens = roles.ToDictionary(r => r.Role, r => r.Token.Token.Content),
            Prompts = prompts.IsNull ? new Dictionary<string, string>() : prompts.Members().ToDictionary(p => p.Name, p => p.Value.String()),
            DefaultPrompt = sentences["default_prompt_name"].IsNull ? null : sentences["default_prompt_name"].String(),
            Named = [.. config["added_tokens_decoder"].IsNull ? [] : config["added_tokens_decoder"].Members().Select(t => NamedToken.WithId(t.Name, t.Value)), .. roles.Select(r => r.Token), .. Additional(config, map)],
            LowerCase = config.Boolean("do_lower_case", true),
            ChineseCharacters = config.Boolean("tokenize_chinese_chars", true),
            StripAccents = config["strip_accents"].IsNull ? null : config.Boolean("strip_accents", false),
        };
    }

    private static IEnumerable<NamedToken> Additional(JsonNodeReader config, JsonNodeReader map)
    {
        JsonNodeReader list = config["additional_special_tokens"].IsNull ? map["additional_special_tokens"] : config["additional_special_tokens"];
        return list.IsNull ? [] : list.Items().Select(NamedToken.Special);
    }

    // Python writes int(1e30) where there is no limit.
    private static int? Length(JsonNodeReader node) => node.IsNull ? null
        : node.Element.ValueKind != System.Text.Json.JsonValueKind.Number ? throw node.Wrong("expected a number of tokens")
        : node.Element.GetDouble() is > 0 and < int.MaxValue and var length ? (int)length : null;

    private static Side Side(JsonNodeReader node) => node.IsNull ? Tokenization.Side.Right : node.String() switch
    {
        "right" => Tokenization.Side.Right,
        "left" => Tokenization.Side.Left,
        _ => throw node.Unsupported("left, right"),
    };
}

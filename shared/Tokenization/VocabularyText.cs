using System.Text;
using System.Text.Json;

namespace Retrieval.Tokenization;

/// <summary>
/// BERT's legacy vocab.txt, a token a line, as the tokenizer.json that the reference's conversion makes of it: BertNormalizer, BertPreTokenizer, WordPiece,
/// [CLS] A [SEP] and B [SEP].
/// </summary>
internal static class VocabularyText
{
    private static readonly (string Role, string Default)[] Specials = [("pad_token", "[PAD]"), ("unk_token", "[UNK]"), ("cls_token", "[CLS]"), ("sep_token", "[SEP]"), ("mask_token", "[MASK]")];

    /// <param name="vocabulary">The bytes of vocab.txt.</param>
    /// <param name="file">Its name in messages.</param>
    /// <param name="config">Case, accents, and the names of the special tokens.</param>
    public static byte[] ToTokenizerJson(byte[] vocabulary, string file, TokenizerConfig config)
    {
        Dictionary<string, int> ids = Ids(vocabulary, file);
        Dictionary<string, string> specials = Specials.ToDictionary(s => s.Role, s => config.SpecialTokens.GetValueOrDefault(s.Role, s.Default));
        foreach (string role in (string[])["unk_token", "cls_token", "sep_token"])
        {
            if (!ids.ContainsKey(specials[role]))
            {
                throw new TokenizerFormatException(file, "", $"has no line '{specials[role]}', the {role}. Is it the vocabulary of a BERT model? Otherwise name the token in tokenizer_config.json.");
            }
        }
        object Special(string role, int type) => new { SpecialToken = new { id = specials[role], type_id = type } };
        object Sequence(string id, int type) => new { Sequence = new { id, type_id = type } };
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            added_tokens = specials.Values.Distinct().Where(ids.ContainsKey).Select(t => new { id = ids[t], content = t, special = true, normalized = false }),
            normalizer = new { type = "BertNormalizer", clean_text = true, handle_chinese_chars = config.ChineseCharacters, strip_accents = config.StripAccents, lowercase = config.LowerCase },
            pre_tokenizer = new { type = "BertPreTokenizer" },
            post_processor = new
            {
                type = "TemplateProcessing",
                single = new[] { Special("cls_token", 0), Sequence("A", 0), Special("sep_token", 0) },
                pair = new[] { Special("cls_token", 0), Sequence("A", 0), Special("sep_token", 0), Sequence("B", 1), Special("sep_token", 1) },
                special_tokens = new[] { specials["cls_token"], specials["sep_token"] }.Distinct().ToDictionary(t => t, t => new { id = t, ids = new[] { ids[t] }, tokens = new[] { t } }),
            },
            decoder = new { type = "WordPiece", prefix = "##", cleanup = true },
            model = new { type = "WordPiece", unk_token = specials["unk_token"], continuing_subword_prefix = "##", max_input_chars_per_word = 100, vocab = ids },
        });
    }

    private static Dictionary<string, int> Ids(byte[] vocabulary, string file)
    {
        if (!System.Text.Unicode.Utf8.IsValid(vocabulary))
        {
            throw new TokenizerFormatException(file, "", "is not UTF-8. Fetch the file again.");
        }
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        using StreamReader lines = new(new MemoryStream(vocabulary), new UTF8Encoding(false));
        for (int line = 0; lines.ReadLine() is { } token; line++)
        {
            if (!ids.TryAdd(token, line))
            {
                throw new TokenizerFormatException(file, "", $"line {line + 1}: '{token}' already stands in line {ids[token] + 1}, so its id is uncertain. Fetch the file again.");
            }
        }
        return ids;
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Retrieval.Tokenization;

/// <summary>
/// A Hugging Face tokenizer.json: equal to the reference library in ids, offsets and special tokens. This version has the BERT family (BertNormalizer,
/// BertPreTokenizer, WordPiece); any other component is refused by name when the file is loaded. Thread-safe.
/// The truncation and padding that a file may embed are not applied: published files carry values that contradict their models, so callers decide.
/// </summary>
public sealed class Tokenizer
{
    private readonly Vocabulary _vocabulary;
    private readonly AddedTokens _added;
    private readonly BertWords _words;
    private readonly SpecialTemplate _template;
    private readonly WordPieceDecoder? _decoder;

    private Tokenizer(string hash, Vocabulary vocabulary, AddedTokens added, BertWords words, SpecialTemplate template, WordPieceDecoder? decoder) =>
        (Hash, _vocabulary, _added, _words, _template, _decoder) = (hash, vocabulary, added, words, template, decoder);

    /// <summary>SHA-256 of the file, lower-case hex.</summary>
    public string Hash { get; }

    /// <summary>Tokens in the vocabulary, added ones included.</summary>
    public int VocabularySize => _vocabulary.Count;

    /// <summary>Special tokens that are put around one text.</summary>
    public int SpecialTokens => _template.SingleCount;

    /// <summary>Loads tokenizer.json, or the model folder that holds it.</summary>
    /// <exception cref="TokenizerFormatException">The file is missing, damaged or has a component that is not supported.</exception>
    public static Tokenizer Load(string path)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, "tokenizer.json") : path;
        try
        {
            return Parse(File.ReadAllBytes(file), file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerFormatException(file, "", $"cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Loads the bytes of tokenizer.json; <paramref name="name"/> stands for the file in messages.</summary>
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

    /// <summary>Tokens of one text.</summary>
    /// <param name="text">Any string; a lone surrogate counts as U+FFFD.</param>
    /// <param name="addSpecialTokens">Put the model's special tokens around it.</param>
    /// <param name="maxTokens">Cut at the right to this many, special tokens included; null: never.</param>
    public Encoding Encode(string text, bool addSpecialTokens, int? maxTokens)
    {
        TokenList tokens = new();
        Split(text, ref tokens);
        if (maxTokens is { } most)
        {
            tokens.Truncate(Math.Max(0, most - (addSpecialTokens ? SpecialTokens : 0)));
        }
        return _template.Build(tokens, null, addSpecialTokens);
    }

    /// <summary>Tokens of a pair.</summary>
    public Encoding EncodePair(string first, string second, bool addSpecialTokens)
    {
        TokenList a = new(), b = new();
        Split(first, ref a);
        Split(second, ref b);
        return _template.Build(a, b, addSpecialTokens);
    }

    /// <summary>Number of tokens of a text, without special ones; makes no encoding.</summary>
    public int Count(ReadOnlySpan<char> text)
    {
        TokenCounter counter = default;
        Split(text, ref counter);
        return counter.Count;
    }

    /// <summary>The text of ids, as the file's decoder writes it; ids that are not in the vocabulary are passed over.</summary>
    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens)
    {
        IEnumerable<string> tokens = ids.Where(id => !skipSpecialTokens || !_added.IsSpecial(id)).Select(_vocabulary.Token).OfType<string>();
        if (_decoder is null)
        {
            return string.Join(' ', tokens);
        }
        StringBuilder text = new();
        bool isFirst = true;
        foreach (string token in tokens)
        {
            _decoder.Append(text, token, isFirst);
            isFirst = false;
        }
        return text.ToString();
    }

    /// <summary>Null when there is none.</summary>
    public string? IdToToken(int id) => _vocabulary.Token(id);

    /// <summary>Null when there is none.</summary>
    public int? TokenToId(string token) => _vocabulary.Id(token);

    private void Split<TSink>(ReadOnlySpan<char> text, ref TSink sink) where TSink : struct, ITokenSink
    {
        int from = 0;
        Span<int> seen = _added.Count <= 64 ? stackalloc int[_added.Count] : new int[_added.Count];
        seen.Fill(-1);
        while (_added.Next(text, from, seen) is { } token)
        {
            _words.Split(text[from..token.At], from, ref sink);
            from = token.At + token.Length;
            sink.Add(token.Id, token.At, from);
        }
        _words.Split(text[from..], from, ref sink);
    }

    private static Tokenizer Read(JsonNodeReader file, string hash)
    {
        JsonNodeReader model = file["model"];
        if (model.Element.ValueKind != JsonValueKind.Object)
        {
            throw model.Wrong("expected the model, an object");
        }
        if (ModelType(model) is not "WordPiece" and string other)
        {
            throw model["type"].Unsupported("WordPiece", other);
        }
        Require(file["normalizer"], "BertNormalizer");
        Require(file["pre_tokenizer"], "BertPreTokenizer");
        Vocabulary vocabulary = Vocabulary.Read(model["vocab"]);
        // Before the added tokens come in: those are found as a whole or not at all, and are no pieces of words.
        WordPiece pieces = WordPiece.Read(model, vocabulary);
        AddedTokens added = AddedTokens.Read(file["added_tokens"], vocabulary);
        SpecialTemplate template = SpecialTemplate.Read(file["post_processor"], vocabulary);
        return new Tokenizer(hash, vocabulary, added, new BertWords(BertNormalizer.Read(file["normalizer"]), pieces), template, WordPieceDecoder.Read(file["decoder"]));
    }

    /// <summary>Old files name no type; the reference then goes by the fields, and so does this.</summary>
    private static string ModelType(JsonNodeReader model) => !model["type"].IsNull ? model.Type
        : !model["merges"].IsNull ? "BPE"
        : model["vocab"].Element.ValueKind == JsonValueKind.Array ? "Unigram"
        : model["max_input_chars_per_word"].IsNull && model["continuing_subword_prefix"].IsNull ? "WordLevel"
        : "WordPiece";

    private static void Require(JsonNodeReader component, string type)
    {
        if (component.IsNull || component.Type != type)
        {
            throw component.Unsupported(type);
        }
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

public sealed class TokenizerFileTests
{
    private static readonly byte[] Small = System.Text.Encoding.UTF8.GetBytes(SmallTokenizer.Json().ToJsonString());

    // A value to put at a path of the file, and what the message then has to say after the name of the file.
    [Theory]
    [InlineData("model", "null", "model: expected the model, an object, found null")]
    [InlineData("model", "\"WordPiece\"", "model: expected the model, an object, found WordPiece")]
    [InlineData("model.type", "\"BPE\"", "model.merges: expected a list of merges, found nothing")]
    [InlineData("model.type", "7", "model.type: expected a string, found 7")]
    [InlineData("model.continuing_subword_prefix", "[1]", "model.continuing_subword_prefix: expected a string, found [1]")]
    [InlineData("model.max_input_chars_per_word", "\"many\"", "model.max_input_chars_per_word: expected an integer of 32 bits, found many")]
    [InlineData("model.max_input_chars_per_word", "-1", "model.max_input_chars_per_word: expected a number of characters, found -1")]
    [InlineData("model.max_input_chars_per_word", "1.5", "model.max_input_chars_per_word: expected an integer of 32 bits, found 1.5")]
    [InlineData("model.vocab", "[]", "model.vocab: expected an object of token to id, found []")]
    [InlineData("model.vocab", "{\"[UNK]\":0,\"a\":9}", "model.vocab: expected ids from 0 without holes, but 5 has no token, here or in added_tokens, and the highest is 9")]
    [InlineData("model.vocab", "{\"[UNK]\":0,\"a\":-1}", "model.vocab.a: expected an id, an integer from 0, found -1")]
    [InlineData("model.vocab", "{\"[UNK]\":-7}", "model.vocab.[UNK]: expected an id, an integer from 0, found -7")]
    [InlineData("model.vocab", "{\"[UNK]\":2147483647}", "model.vocab.[UNK]: expected ids about as high as there are tokens, found 2147483647")]
    [InlineData("model.vocab", "{\"[UNK]\":0,\"a\":0}", "model.vocab.a: id 0 already stands for '[UNK]'; expected another id, found 0")]
    [InlineData("model.vocab", "{\"[UNK]\":0,\"[UNK]\":1}", "model.vocab.[UNK]: token '[UNK]' already has id 0; expected it once, found 1")]
    [InlineData("model.vocab", "{\"[UNK]\":\"0\"}", "model.vocab.[UNK]: expected an id, an integer from 0, found 0")]
    [InlineData("model.vocab", "{\"\\ud800\":0}", "model.vocab: expected tokens that are Unicode text")]
    [InlineData("normalizer", "\"BertNormalizer\"", "normalizer.type: expected a string, found nothing")]
    [InlineData("normalizer.type", "\"Uppercase\"", "normalizer: 'Uppercase' is not supported in this version; supported: BertNormalizer, NFC")]
    [InlineData("normalizer.type", "\"\\ud800\"", "normalizer.type: expected Unicode text")]
    [InlineData("normalizer.lowercase", "\"yes\"", "normalizer.lowercase: expected true or false, found yes")]
    [InlineData("normalizer", "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(a\"},\"content\":\"\"}", "normalizer.pattern.Regex: regular expression (a: at character")]
    [InlineData("normalizer", "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":\"\"}", "normalizer.pattern.String: '' is not supported")]
    [InlineData("normalizer", "{\"type\":\"Replace\",\"pattern\":{},\"content\":\"\"}", "normalizer.pattern: expected String or Regex")]
    [InlineData("normalizer", "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},{\"type\":\"NFX\"}]}", "normalizer.normalizers[1]: 'NFX' is not supported")]
    [InlineData("normalizer", "{\"type\":\"Prepend\"}", "normalizer.prepend: expected a string, found nothing")]
    [InlineData("normalizer", "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"?\"}", "normalizer.precompiled_charsmap: expected base64, found ?")]
    [InlineData("normalizer", "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}", "normalizer.precompiled_charsmap: expected a charsmap")]
    [InlineData("normalizer", "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"/////w==\"}", "normalizer.precompiled_charsmap: expected a charsmap")]
    [InlineData("pre_tokenizer", "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"[z-a]\"},\"behavior\":\"Isolated\"}", "pre_tokenizer.pattern.Regex: regular expression [z-a]: at character")]
    [InlineData("pre_tokenizer", "{\"type\":\"Split\",\"pattern\":{\"String\":\"a\"},\"behavior\":\"Kept\"}", "pre_tokenizer.behavior: 'Kept' is not supported in this version; supported: Removed, Isolated")]
    [InlineData("pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"ab\"}", "pre_tokenizer.replacement: expected one character, found ab")]
    [InlineData("pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"last\"}", "pre_tokenizer.prepend_scheme: 'last' is not supported")]
    [InlineData("pre_tokenizer", "{\"type\":\"FixedLength\",\"length\":0}", "pre_tokenizer.length: expected a number of characters from 1, found 0")]
    [InlineData("pre_tokenizer", "{\"type\":\"CharDelimiterSplit\",\"delimiter\":\"\"}", "pre_tokenizer.delimiter: expected one character")]
    [InlineData("pre_tokenizer", "{\"type\":\"Sequence\",\"pretokenizers\":[null]}", "pre_tokenizer.pretokenizers[0]: 'null' is not supported")]
    [InlineData("truncation", "{\"max_length\":-1}", "truncation.max_length: expected a number from 0, found -1")]
    [InlineData("truncation", "{\"max_length\":8,\"strategy\":\"Random\"}", "truncation.strategy: 'Random' is not supported")]
    [InlineData("padding", "{\"strategy\":\"Shortest\"}", "padding.strategy: 'Shortest' is not supported")]
    [InlineData("padding", "{\"direction\":\"Up\"}", "padding.direction: 'Up' is not supported")]
    [InlineData("pre_tokenizer.type", "\"Spaces\"", "pre_tokenizer: 'Spaces' is not supported")]
    [InlineData("added_tokens", "{}", "added_tokens: expected a list, found {}")]
    [InlineData("added_tokens[1].content", "5", "added_tokens[1].content: expected a string, found 5")]
    [InlineData("added_tokens", "[{\"id\":500,\"content\":\"new\"}]", "added_tokens[0]: expected id 121 for 'new', the next after those before it")]
    [InlineData("added_tokens[1].id", "-1", "added_tokens[1].id: expected a number from 0, found -1")]
    [InlineData("added_tokens[1].special", "1", "added_tokens[1].special: expected true or false, found 1")]
    [InlineData("post_processor.type", "\"Wrap\"", "post_processor: 'Wrap' is not supported")]
    [InlineData("post_processor.cls", "[\"[CLS]\"]", "post_processor.cls: expected a list of a token and its id, found [\"[CLS]\"]")]
    [InlineData("post_processor.sep[1]", "9999", "post_processor.sep[1]: expected an id of the vocabulary, found 9999")]
    [InlineData("post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"B\",\"type_id\":0}}],\"pair\":[]}", "post_processor.single[0].Sequence.id: expected A, found B")]
    [InlineData("post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[],\"pair\":[{\"Sequence\":{\"id\":\"C\",\"type_id\":0}}]}", "post_processor.pair[0].Sequence.id: expected A or B, found C")]
    [InlineData("post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"X\",\"type_id\":0}}],\"special_tokens\":{}}", "post_processor.special_tokens.X.ids: expected a list, found nothing")]
    [InlineData("post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[{}]}", "post_processor.single[0].SpecialToken.id: expected a string, found nothing")]
    [InlineData("decoder.type", "\"Metaspace\"", "decoder.replacement: expected a string, found nothing")]
    [InlineData("decoder.cleanup", "0", "decoder.cleanup: expected true or false, found 0")]
    public void A_wrong_value_is_refused_with_file_path_and_value(string path, string value, string message) =>
        Should.Throw<TokenizerFormatException>(() => Tokenizer.Parse(With(path, value), "wrong.json")).Message.ShouldStartWith($"wrong.json: {message}");

    [Theory]
    [InlineData("{\"merges\":[\"a b\"],\"continuing_subword_prefix\":\"\",\"vocab\":{\"[UNK]\":0,\"a\":1,\"b\":2,\"ab\":3}}", new[] { 3 })]
    [InlineData("{\"unk_id\":0,\"vocab\":[[\"[UNK]\",0],[\"a\",-1],[\"ab\",-5],[\"b\",-1]]}", new[] { 1, 3 })]
    [InlineData("{\"vocab\":{\"[UNK]\":0,\"a\":1},\"unk_token\":\"[UNK]\"}", new[] { 0 })]
    public void A_model_without_a_type_is_known_by_its_fields(string model, int[] ids)
    {
        JsonObject json = SmallTokenizer.Json();
        json["added_tokens"] = new JsonArray();
        json["post_processor"] = null;
        json["model"] = JsonNode.Parse(model);
        SmallTokenizer.Load(json).Encode("ab", false, null).Ids.ShouldBe(ids);
    }

    [Fact]
    public void A_text_without_a_token_is_an_error_that_names_what_is_missing_when_the_file_has_no_unknown_token()
    {
        JsonObject json = SmallTokenizers.WordLevel();
        json["model"]!["unk_token"] = "<none>";
        Should.Throw<TokenizationException>(() => SmallTokenizer.Load(json).Encode("dog", false, null)).Message.ShouldContain("<none>");
    }

    [Fact]
    public void An_added_token_has_the_id_of_the_vocabulary_whatever_the_file_says() =>
        SmallTokenizer.Load(json => json["added_tokens"]![1]!["id"] = 0).Encode("[UNK]", false, null).Ids.ShouldBe([1]);

    [Fact]
    public void Two_added_tokens_that_normalization_makes_one_are_refused() => Should.Throw<TokenizerFormatException>(() => SmallTokenizer.Load(json =>
    {
        int next = json["model"]!["vocab"]!.AsObject().Count;
        foreach (string content in (string[])["Zebra", "ZEBRA"])
        {
            JsonNode token = SmallTokenizer.Added(content, next++);
            token["normalized"] = true;
            json["added_tokens"]!.AsArray().Add(token);
        }
    })).Message.ShouldStartWith("small.json: added_tokens: 'Zebra, ZEBRA' is not supported");

    [Fact]
    public void An_old_WordPiece_model_without_a_type_loads()
    {
        JsonObject json = SmallTokenizer.Json();
        json["model"]!.AsObject().Remove("type");
        SmallTokenizer.Load(json).Encode("cats", false, null).Ids.Length.ShouldBe(2);
    }

    [Fact]
    public void A_file_that_is_cut_anywhere_is_refused_by_name()
    {
        for (int length = 0; length < Small.Length; length += 7)
        {
            Should.Throw<TokenizerFormatException>(() => Tokenizer.Parse(Small[..length], "cut.json")).Message.ShouldStartWith("cut.json: is not whole JSON");
        }
    }

    [Fact]
    public void Bytes_that_are_not_UTF_8_are_refused_by_name()
    {
        byte[] file = [.. Small];
        file[Small.AsSpan().IndexOf("the"u8)] = 0xFF;
        Should.Throw<TokenizerFormatException>(() => Tokenizer.Parse(file, "latin.json")).Message.ShouldStartWith("latin.json: is not UTF-8");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_damaged_file_loads_or_is_refused_and_nothing_else(int seed)
    {
        Random random = new(seed);
        for (int round = 0; round < 1500; round++)
        {
            byte[] file = [.. Small];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                file[random.Next(file.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)"\"{}[],:0-9tfn\\u"[random.Next(15)];
            }
            try
            {
                Tokenizer.Parse(file, "damaged.json").Encode("the cats [SEP]", true, 8).Ids.Length.ShouldBeLessThanOrEqualTo(8, $"seed {seed}, round {round}");
            }
            catch (TokenizerFormatException e)
            {
                e.Message.ShouldStartWith("damaged.json: ", customMessage: $"seed {seed}, round {round}");
            }
        }
    }

    [Fact]
    public void A_missing_file_and_a_folder_without_one_are_named()
    {
        string folder = Directory.CreateTempSubdirectory("retrieval-tokenizer-").FullName;
        string file = Path.Combine(folder, "tokenizer.json");
        Should.Throw<TokenizerFormatException>(() => Tokenizer.Load(folder)).Message.ShouldStartWith($"{file}: cannot be read");
        Should.Throw<TokenizerFormatException>(() => Tokenizer.Load(file)).File.ShouldBe(file);
        File.WriteAllBytes(file, Small);
        Tokenizer.Load(folder).Hash.ShouldBe(Tokenizer.Load(file).Hash);
        Directory.Delete(folder, true);
    }

    [Fact]
    public void The_hash_is_that_of_the_file() => Tokenizer.Parse(Small, "small.json").Hash.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(Small)));

    [Fact]
    public void An_added_token_is_found_as_a_whole_and_is_no_piece_of_a_word()
    {
        Tokenizer tokenizer = SmallTokenizer.Load(json => json["added_tokens"]!.AsArray().Add(SmallTokenizer.Added("zebra", json["model"]!["vocab"]!.AsObject().Count)));
        int zebra = tokenizer.TokenToId("zebra")!.Value;
        tokenizer.Encode("a zebra", false, null).Ids.ShouldBe([tokenizer.TokenToId("a")!.Value, zebra]);
        tokenizer.Encode("a ZEBRA", false, null).Ids.ShouldNotContain(zebra);
    }

    [Fact]
    public void The_longest_of_the_added_tokens_that_begin_at_one_place_wins()
    {
        Tokenizer tokenizer = SmallTokenizer.Load(json =>
        {
            int next = json["model"]!["vocab"]!.AsObject().Count;
            json["added_tokens"]!.AsArray().Add(SmallTokenizer.Added("<a", next));
            json["added_tokens"]!.AsArray().Add(SmallTokenizer.Added("<ab>", next + 1));
        });
        tokenizer.Encode("<ab><a", false, null).Ids.ShouldBe([tokenizer.TokenToId("<ab>")!.Value, tokenizer.TokenToId("<a")!.Value]);
    }

    [Fact]
    public void Truncation_and_padding_in_the_file_are_left_to_the_caller() => SmallTokenizer.Load(json =>
    {
        json["truncation"] = new JsonObject { ["max_length"] = 3 };
        json["padding"] = new JsonObject { ["strategy"] = new JsonObject { ["Fixed"] = 16 } };
    }).Encode("the cat the cat", true, null).Ids.Length.ShouldBe(6);

    [Fact]
    public async Task A_cache_reads_each_file_once()
    {
        int reads = 0;
        TokenizerCache cache = new((hash, _) => Task.FromResult(reads++ == 0 ? Small : throw new InvalidOperationException(hash)));
        (await cache.GetAsync("one", CancellationToken.None)).ShouldBeSameAs(await cache.GetAsync("one", CancellationToken.None));
        reads.ShouldBe(1);
    }

    /// <summary>The small file with the text of a value put in at a path such as added_tokens[1].id.</summary>
    private static byte[] With(string path, string value)
    {
        JsonObject json = SmallTokenizer.Json();
        string[] steps = path.Replace("[", ".[", StringComparison.Ordinal).Split('.');
        JsonNode at = json;
        foreach (string step in steps[..^1])
        {
            at = step[0] == '[' ? at[int.Parse(step[1..^1], null)]! : at[step]!;
        }
        const string Place = "\"@place@\"";
        if (steps[^1][0] == '[')
        {
            at[int.Parse(steps[^1][1..^1], null)] = "@place@";
        }
        else
        {
            at[steps[^1]] = "@place@";
        }
        return System.Text.Encoding.UTF8.GetBytes(json.ToJsonString().Replace(Place, value, StringComparison.Ordinal));
    }
}

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
    [InlineData("model.type", "\"BPE\"", "model.type: 'BPE' is not supported")]
    [InlineData("model.type", "7", "model.type: expected a string, found 7")]
    [InlineData("model.unk_token", "\"<unk>\"", "model.unk_token: expected a token of the vocabulary, found <unk>")]
    [InlineData("model.continuing_subword_prefix", "\"\"", "model.continuing_subword_prefix: '' is not supported")]
    [InlineData("model.continuing_subword_prefix", "[1]", "model.continuing_subword_prefix: expected a string, found [1]")]
    [InlineData("model.max_input_chars_per_word", "\"many\"", "model.max_input_chars_per_word: expected an integer of 32 bits, found many")]
    [InlineData("model.max_input_chars_per_word", "-1", "model.max_input_chars_per_word: expected a number of characters, found -1")]
    [InlineData("model.max_input_chars_per_word", "1.5", "model.max_input_chars_per_word: expected an integer of 32 bits, found 1.5")]
    [InlineData("model.vocab", "[]", "model.vocab: expected an object, found []")]
    [InlineData("model.vocab", "{\"[UNK]\":0,\"a\":2}", "model.vocab: expected ids from 0 without holes, but 1 has no token and the highest is 2")]
    [InlineData("model.vocab", "{\"[UNK]\":0,\"a\":-1}", "model.vocab.a: expected an id from 0 for 'a', found -1")]
    [InlineData("model.vocab", "{\"[UNK]\":-7}", "model.vocab.[UNK]: expected an id from 0 for '[UNK]', found -7")]
    [InlineData("model.vocab", "{\"[UNK]\":2147483647}", "model.vocab: expected ids from 0 without holes, but 0 has no token")]
    [InlineData("model.vocab", "{\"[UNK]\":0,\"a\":0}", "model.vocab.a: id 0 already stands for '[UNK]', found 0")]
    [InlineData("model.vocab", "{\"[UNK]\":0,\"[UNK]\":1}", "model.vocab.[UNK]: token '[UNK]' already has id 0, found 1")]
    [InlineData("model.vocab", "{\"[UNK]\":\"0\"}", "model.vocab.[UNK]: expected an integer of 32 bits, found 0")]
    [InlineData("model.vocab", "{\"\\ud800\":0}", "model.vocab: expected Unicode text")]
    [InlineData("model.vocab", "{}", "model.unk_token: expected a token of the vocabulary, found [UNK]")]
    [InlineData("normalizer", "null", "normalizer: 'null' is not supported in this version; supported: BertNormalizer")]
    [InlineData("normalizer", "\"BertNormalizer\"", "normalizer.type: expected a string, found nothing")]
    [InlineData("normalizer.type", "\"Lowercase\"", "normalizer: 'Lowercase' is not supported")]
    [InlineData("normalizer.type", "\"\\ud800\"", "normalizer.type: expected Unicode text")]
    [InlineData("normalizer.lowercase", "\"yes\"", "normalizer.lowercase: expected true or false, found yes")]
    [InlineData("pre_tokenizer.type", "\"Whitespace\"", "pre_tokenizer: 'Whitespace' is not supported")]
    [InlineData("added_tokens", "{}", "added_tokens: expected a list, found {}")]
    [InlineData("added_tokens[1].content", "5", "added_tokens[1].content: expected a string, found 5")]
    [InlineData("added_tokens[1].id", "0", "added_tokens[1]: token '[UNK]' already has id 1")]
    [InlineData("added_tokens[1].id", "-1", "added_tokens[1]: expected an id from 0 for '[UNK]'")]
    [InlineData("added_tokens[1].rstrip", "true", "added_tokens[1].rstrip: 'true' is not supported")]
    [InlineData("added_tokens[1].single_word", "true", "added_tokens[1].single_word: 'true' is not supported")]
    [InlineData("added_tokens[1].normalized", "true", "added_tokens[1].normalized: 'true' is not supported")]
    [InlineData("added_tokens[1].special", "1", "added_tokens[1].special: expected true or false, found 1")]
    [InlineData("post_processor.type", "\"RobertaProcessing\"", "post_processor: 'RobertaProcessing' is not supported")]
    [InlineData("post_processor.cls", "[\"[CLS]\"]", "post_processor.cls: expected a list of a token and its id, found [\"[CLS]\"]")]
    [InlineData("post_processor.sep[1]", "9999", "post_processor.sep[1]: expected an id of the vocabulary, found 9999")]
    [InlineData("post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"B\",\"type_id\":0}}],\"pair\":[]}", "post_processor.single[0].Sequence.id: expected A, found B")]
    [InlineData("post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[],\"pair\":[{\"Sequence\":{\"id\":\"C\",\"type_id\":0}}]}", "post_processor.pair[0].Sequence.id: expected A or B, found C")]
    [InlineData("post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"X\",\"type_id\":0}}],\"special_tokens\":{}}", "post_processor.special_tokens.X.ids: expected a list, found nothing")]
    [InlineData("post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[{}]}", "post_processor.single[0].SpecialToken.id: expected a string, found nothing")]
    [InlineData("decoder.type", "\"Metaspace\"", "decoder: 'Metaspace' is not supported")]
    [InlineData("decoder.cleanup", "0", "decoder.cleanup: expected true or false, found 0")]
    public void A_wrong_value_is_refused_with_file_path_and_value(string path, string value, string message) =>
        Should.Throw<TokenizerFormatException>(() => Tokenizer.Parse(With(path, value), "wrong.json")).Message.ShouldStartWith($"wrong.json: {message}");

    [Theory]
    [InlineData("{\"merges\":[],\"continuing_subword_prefix\":\"##\",\"vocab\":{}}", "BPE")]
    [InlineData("{\"vocab\":[[\"a\",0.5]]}", "Unigram")]
    [InlineData("{\"vocab\":{\"a\":0},\"unk_token\":\"a\"}", "WordLevel")]
    public void A_model_without_a_type_is_known_by_its_fields(string model, string type) =>
        Should.Throw<TokenizerFormatException>(() => Tokenizer.Parse(With("model", model), "old.json")).Message.ShouldStartWith($"old.json: model.type: '{type}' is not supported");

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

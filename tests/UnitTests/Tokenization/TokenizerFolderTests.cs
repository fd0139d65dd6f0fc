using System.Text.Json;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

public sealed class TokenizerFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("retrieval-tokenizer-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void A_vocab_txt_alone_loads_and_is_equal_to_the_tokenizer_json_of_the_same_model()
    {
        Tokenizer expected = Tokenizer.Load(TestData.DefaultModel);
        File.WriteAllLines(Path.Combine(_folder, "vocab.txt"), Enumerable.Range(0, expected.VocabularySize).Select(id => expected.IdToToken(id)!));
        foreach (Tokenizer tokenizer in (Tokenizer[])[Tokenizer.Load(_folder), Tokenizer.Load(Path.Combine(_folder, "vocab.txt"))])
        {
            Random random = new(1);
            for (int round = 0; round < 200; round++)
            {
                string text = RandomText.Next(random);
                Encoding actual = tokenizer.EncodePair(text, "Größe [MASK]", true), wanted = expected.EncodePair(text, "Größe [MASK]", true);
                actual.Ids.ShouldBe(wanted.Ids, text);
                actual.TypeIds.ShouldBe(wanted.TypeIds, text);
                actual.Ends.ShouldBe(wanted.Ends, text);
                tokenizer.Decode(actual.Ids, true).ShouldBe(expected.Decode(wanted.Ids, true), text);
            }
        }
    }

    [Fact]
    public void Case_and_names_of_special_tokens_of_a_vocab_txt_come_from_the_config()
    {
        Write("vocab.txt", "<unk>\n<cls>\n<sep>\nThe\nthe\n");
        Write("tokenizer_config.json", """{"do_lower_case": false, "unk_token": "<unk>", "cls_token": "<cls>", "sep_token": {"content": "<sep>", "lstrip": false}}""");
        Tokenizer.Load(_folder).Encode("The the cat", true, null).Ids.ShouldBe([1, 3, 4, 0, 2]);
    }

    [Fact]
    public void A_vocab_txt_with_a_line_twice_or_without_the_special_tokens_is_refused()
    {
        Write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\na\n");
        Refusal().ShouldBe($"{Path.Combine(_folder, "vocab.txt")}: line 5: 'a' already stands in line 4, so its id is uncertain. Fetch the file again.");
        Write("vocab.txt", "hello\n");
        Refusal().ShouldStartWith($"{Path.Combine(_folder, "vocab.txt")}: has no line '[UNK]', the unk_token.");
    }

    [Fact]
    public void Limits_sides_and_padding_come_from_the_config_where_tokenizer_json_is_silent()
    {
        Write("tokenizer.json", SmallTokenizer.Json().ToJsonString());
        Write("tokenizer_config.json", """{"model_max_length": 512, "pad_token": "[PAD]", "padding_side": "left", "truncation_side": "left", "cls_token": "[CLS]"}""");
        Tokenizer tokenizer = Tokenizer.Load(_folder);
        tokenizer.FileTruncation.ShouldBe(new Truncation(512, Side: Side.Left));
        tokenizer.FilePadding.ShouldBe(new Padding(0, "[PAD]") { Side = Side.Left });
        tokenizer.Config.SpecialTokens["cls_token"].ShouldBe("[CLS]");
        Write("tokenizer_config.json", """{"model_max_length": 1000000000000000019884624838656}""");
        Tokenizer.Load(_folder).FileTruncation.ShouldBeNull();
    }

    [Fact]
    public void A_token_that_only_the_config_names_is_an_added_token_and_changes_the_hash()
    {
        Write("tokenizer.json", SmallTokenizer.Json().ToJsonString());
        string alone = Tokenizer.Load(_folder).Hash;
        int size = Tokenizer.Load(_folder).VocabularySize;
        Write("special_tokens_map.json", """{"additional_special_tokens": ["<turn>", {"content": "<end>", "rstrip": true}], "mask_token": "[MASK]"}""");
        Tokenizer tokenizer = Tokenizer.Load(_folder);
        tokenizer.Encode("the<turn><end> cat", false, null).Ids.ShouldBe([tokenizer.TokenToId("the")!.Value, size, size + 1, tokenizer.TokenToId("cat")!.Value]);
        tokenizer.Decode([size, size + 1], true).ShouldBeEmpty();
        tokenizer.Hash.ShouldNotBe(alone);
    }

    [Fact]
    public void Ids_of_added_tokens_decoder_have_to_be_those_that_the_reference_gives()
    {
        Write("tokenizer.json", SmallTokenizer.Json().ToJsonString());
        int size = Tokenizer.Load(_folder).VocabularySize;
        Write("tokenizer_config.json", JsonSerializer.Serialize(new { added_tokens_decoder = new Dictionary<string, object> { [$"{size}"] = new { content = "<a>", special = true } } }));
        Tokenizer.Load(_folder).TokenToId("<a>").ShouldBe(size);
        Write("tokenizer_config.json", JsonSerializer.Serialize(new { added_tokens_decoder = new Dictionary<string, object> { [$"{size + 5}"] = new { content = "<a>", special = true } } }));
        Refusal().ShouldStartWith($"{Path.Combine(_folder, "tokenizer_config.json")}: added_tokens_decoder.{size + 5}: expected id {size} for '<a>'");
    }

    [Fact]
    public void Prompts_come_from_the_config_of_sentence_transformers()
    {
        Write("tokenizer.json", SmallTokenizer.Json().ToJsonString());
        Write("config_sentence_transformers.json", """{"prompts": {"query": "query: ", "passage": "passage: "}, "default_prompt_name": "query"}""");
        TokenizerConfig config = Tokenizer.Load(_folder).Config;
        config.Prompts.ShouldBe(new Dictionary<string, string> { ["query"] = "query: ", ["passage"] = "passage: " });
        config.DefaultPrompt.ShouldBe("query");
    }

    [Theory]
    [InlineData("tokenizer_config.json", "{\"padding_side\": \"up\"}", "padding_side: 'up' is not supported")]
    [InlineData("tokenizer_config.json", "{\"model_max_length\": \"long\"}", "model_max_length: expected a number of tokens, found long")]
    [InlineData("tokenizer_config.json", "{\"added_tokens_decoder\": {\"x\": {\"content\": \"a\"}}}", "added_tokens_decoder.x: expected an id for a name, not 'x'")]
    [InlineData("special_tokens_map.json", "{\"cls_token\": 5}", "cls_token: expected a string, found 5")]
    [InlineData("special_tokens_map.json", "{", "is not whole JSON")]
    [InlineData("config_sentence_transformers.json", "{\"prompts\": []}", "prompts: expected an object, found []")]
    public void A_damaged_file_beside_tokenizer_json_is_named(string file, string content, string message)
    {
        Write("tokenizer.json", SmallTokenizer.Json().ToJsonString());
        Write(file, content);
        Refusal().ShouldStartWith($"{Path.Combine(_folder, file)}: {message}");
    }

    private string Refusal() => Should.Throw<TokenizerFormatException>(() => Tokenizer.Load(_folder)).Message;

    private void Write(string file, string content) => File.WriteAllText(Path.Combine(_folder, file), content);
}

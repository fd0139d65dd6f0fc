using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Onnx;
using Retrieval.UnitTests.Encoder.Upgrade;
using Retrieval.UnitTests.Onnx;

namespace Retrieval.UnitTests.Encoder;

/// <summary>Prompts of a model and of a request, token ids and prefixes.</summary>
public sealed class RequestPromptTests : IDisposable
{
    private const string Prompts = """{"prompts":{"query":"Instruct: aa ab\nac: ","document":"ba ","sts":"ca cb "},"default_prompt_name":"sts"}""", Text = "da db dc";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("prompt:ca cb ", "ca cb ")]
    [InlineData("prompt:", "")]
    [InlineData("name:sts", "ca cb ")]
    [InlineData("name:query", "Instruct: aa ab\nac: ")]
    [InlineData("name:document", "ba ")]
    [InlineData("instruction:ee ef", "Instruct: ee ef\nac: ")]
    [InlineData("kind:Query", "Instruct: aa ab\nac: ")]
    [InlineData("kind:Document", "ba ")]
    [InlineData("kind:Raw", "")]
    public async Task A_prompt_is_the_words_before_the_text(string asked, string words)
    {
        using LocalEncoder encoder = Load();
        float[] expected = (await encoder.EmbedAsync(new EmbedRequest([words + Text]), default)).Vectors[0];
        (await encoder.EmbedAsync(Request(asked), default)).Vectors[0].ShouldBe(expected);
    }

    [Theory]
    [InlineData("name:nothing", "prompt_name", "query, document, sts")]
    [InlineData("instruction:two\nlines", "instruction", null)]
    public async Task What_there_is_not_is_refused(string asked, string field, string? limit)
    {
        using LocalEncoder encoder = Load();
        Problem problem = (await Should.ThrowAsync<RetrievalException>(encoder.EmbedAsync(Request(asked), default))).Problem;
        (problem.Kind, problem.Field, problem.Limit).ShouldBe((ErrorKind.Invalid, field, limit));
    }

    [Fact]
    public async Task A_prompt_beside_an_instruction_or_one_that_leaves_no_room_is_refused()
    {
        using LocalEncoder encoder = Load();
        (await Should.ThrowAsync<RetrievalException>(encoder.EmbedAsync(new EmbedRequest([Text]) { Prompt = "aa", Instruction = "ab" }, default))).Problem.Field.ShouldBe("prompt");
        (await Should.ThrowAsync<RetrievalException>(encoder.EmbedAsync(new EmbedRequest([Text]) { Prompt = string.Concat(Enumerable.Repeat("aa ", 62)) }, default))).Problem.Detail.ShouldContain("leaves none");
    }

    [Theory]
    [InlineData("official")]
    [InlineData("strict")]
    public async Task An_instruction_that_is_left_out_of_the_mean_is_the_one_of_the_request(string mask)
    {
        string folder = Write();
        File.WriteAllText(Path.Combine(folder, "retrieval.json"), $$"""{"version":1,"instruction":"{{mask}}"}""");
        using LocalEncoder encoder = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], folder), NullLogger.Instance), plain = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], TinyModel.Write(_folder["plain"])), NullLogger.Instance);
        const string Words = "ee ef eg ";
        float[] actual = (await encoder.EmbedAsync(new EmbedRequest([Text]) { Prompt = Words, Normalize = false }, default)).Vectors[0];
        // The states of the same tokens from the model without a mask; of the prompt, [CLS] and as many tokens as it has, or one fewer, are not pooled.
        TokenVectors states = (await plain.EmbedTokensAsync(new EmbedRequest([Words + Text]) { States = true }, default)).Texts[0];
        int leftOut = mask == "official" ? 3 : 4, width = states.Dimensions, tokens = states.Values.Length / width;
        float[] expected = [.. Enumerable.Range(0, width).Select(d => (float)(Enumerable.Range(leftOut, tokens - leftOut).Sum(t => (double)states.Values[t * width + d]) / (tokens - leftOut)))];
        Near.Largest(actual, expected).ShouldBeLessThan(1e-5);
        (await Should.ThrowAsync<RetrievalException>(encoder.EmbedAsync(new EmbedRequest([Text]) { Prompt = Words, CutStart = true }, default))).Problem.Detail.ShouldContain("leaves its instruction out");
    }

    [Fact]
    public async Task Token_ids_give_the_vector_of_their_text_with_or_without_special_tokens()
    {
        using LocalEncoder encoder = Load();
        Retrieval.Tokenization.Tokenizer tokenizer = await encoder.AskAsync(null, m => m.Documents.Model.Tokenizer, default);
        float[] expected = (await encoder.EmbedAsync(new EmbedRequest([Text]), default)).Vectors[0], document = (await encoder.EmbedAsync(new EmbedRequest([Text], InputKind.Document), default)).Vectors[0];
        foreach (bool special in (bool[])[true, false])
        {
            EmbedRequest ids = new([]) { Ids = [tokenizer.Encode(Text, special, null).Ids] };
            (await encoder.EmbedAsync(ids, default)).Vectors[0].ShouldBe(expected);
            (await encoder.EmbedAsync(ids with { Kind = InputKind.Document }, default)).Vectors[0].ShouldBe(document);
        }
        Problem problem = (await Should.ThrowAsync<RetrievalException>(encoder.EmbedAsync(new EmbedRequest([]) { Ids = [[5, 6], [7, 100_000]] }, default))).Problem;
        (problem.Field, problem.Value, problem.Limit).ShouldBe(("ids", "100000", "0 to 203"));
    }

    [Fact]
    public async Task Too_many_ids_are_cut_at_the_side_that_was_asked_for_or_refused()
    {
        using LocalEncoder encoder = Load();
        int[] ids = [.. Enumerable.Range(4, 100)];
        async Task<float[]> EmbedAsync(IEnumerable<int> own, bool start) => (await encoder.EmbedAsync(new EmbedRequest([]) { Ids = [[.. own]], CutStart = start }, default)).Vectors[0];
        (await EmbedAsync(ids, false)).ShouldBe(await EmbedAsync(ids.Take(62), false));
        (await EmbedAsync(ids, true)).ShouldBe(await EmbedAsync(ids.TakeLast(62), false));
        (await Should.ThrowAsync<RetrievalException>(encoder.EmbedAsync(new EmbedRequest([], Truncate: false) { Ids = [ids] }, default))).Problem.Detail.ShouldContain("102 tokens");
    }

    [Fact]
    public async Task A_text_is_cut_at_its_beginning_when_asked()
    {
        using LocalEncoder encoder = Load();
        string[] words = [.. TinyModel.Words.Take(100)];
        float[] end = (await encoder.EmbedAsync(new EmbedRequest([string.Join(' ', words)]) { CutStart = true }, default)).Vectors[0];
        end.ShouldBe((await encoder.EmbedAsync(new EmbedRequest([string.Join(' ', words.TakeLast(62))]), default)).Vectors[0]);
    }

    [Theory]
    [InlineData("""{"hidden_size":64,"max_position_embeddings":64,"matryoshka_dimensions":[16,32]}""", "16,32,64", "8,48,65,0")]
    [InlineData("""{"hidden_size":64,"max_position_embeddings":64,"is_matryoshka":true}""", "1,17,64", "0,65,-1")]
    [InlineData("""{"hidden_size":64,"max_position_embeddings":64}""", "64", "16,32,65")]
    public async Task A_prefix_is_had_from_models_that_were_trained_for_it_alone(string config, string had, string refused)
    {
        string folder = Write();
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        using LocalEncoder encoder = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], folder), NullLogger.Instance);
        float[] whole = (await encoder.EmbedAsync(new EmbedRequest([Text]), default)).Vectors[0];
        foreach (int dimensions in had.Split(',').Select(int.Parse))
        {
            float[] prefix = (await encoder.EmbedAsync(new EmbedRequest([Text]) { Dimensions = dimensions }, default)).Vectors[0];
            prefix.Length.ShouldBe(dimensions);
            double length = Math.Sqrt(whole.Take(dimensions).Sum(x => (double)x * x));
            Near.Largest(prefix, [.. whole.Take(dimensions).Select(x => (float)(x / length))]).ShouldBeLessThan(1e-6);
        }
        foreach (int dimensions in refused.Split(',').Select(int.Parse))
        {
            Problem problem = (await Should.ThrowAsync<RetrievalException>(encoder.EmbedAsync(new EmbedRequest([Text]) { Dimensions = dimensions }, default))).Problem;
            (problem.Kind, problem.Field, problem.Value).ShouldBe((ErrorKind.Invalid, "dimensions", $"{dimensions}"));
        }
    }

    private static EmbedRequest Request(string asked) => asked.Split(':', 2) is not [var what, var value] ? throw new ArgumentException(asked) : what switch
    {
        "prompt" => new EmbedRequest([Text]) { Prompt = value },
        "name" => new EmbedRequest([Text]) { PromptName = value },
        "instruction" => new EmbedRequest([Text]) { Instruction = value },
        _ => new EmbedRequest([Text], Enum.Parse<InputKind>(value)),
    };

    private string Write()
    {
        string folder = TinyModel.Write(_folder["model"]);
        File.WriteAllText(Path.Combine(folder, "config_sentence_transformers.json"), Prompts);
        return folder;
    }

    private LocalEncoder Load() => LocalEncoder.Load(TinyModel.Options(_folder["compiled"], Write()), NullLogger.Instance);
}

using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;

namespace Retrieval.UnitTests.Encoder;

public sealed class ModelFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("retrieval-model-").FullName;

    public ModelFolderTests()
    {
        Write("tokenizer.json", "{}");
        Write("onnx/model.onnx", "");
        Write("modules.json", """[{"type":"sentence_transformers.models.Transformer","path":""},{"type":"sentence_transformers.models.Pooling","path":"1_Pooling"},{"type":"sentence_transformers.models.Normalize","path":"2_Normalize"}]""");
        Write("1_Pooling/config.json", """{"pooling_mode_mean_tokens":true,"pooling_mode_cls_token":false}""");
    }

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void The_limit_is_the_smaller_of_recipe_and_positions()
    {
        ModelFolder.Read(_folder).MaxTokens.ShouldBe(512);
        Write("config.json", """{"max_position_embeddings":400}""");
        ModelFolder.Read(_folder).MaxTokens.ShouldBe(400);
        Write("sentence_bert_config.json", """{"max_seq_length":128}""");
        ModelFolder.Read(_folder).MaxTokens.ShouldBe(128);
    }

    [Fact]
    public void Prompts_come_from_the_folder()
    {
        Write("config_sentence_transformers.json", """{"prompts":{"query":"q: ","passage":"p: "}}""");
        ModelFolder folder = ModelFolder.Read(_folder);
        (folder.QueryPrompt, folder.DocumentPrompt, folder.DocumentTemplate).ShouldBe(("q: ", "p: ", "p: {title} {text}"));
    }

    [Theory]
    [InlineData("modules.json", "{}", "not a list")]
    [InlineData("modules.json", "[{\"type\":\"x.CLIPModel\",\"path\":\"\"}]", "CLIPModel")]
    [InlineData("modules.json", "[{\"path\":\"\"}]", "'type'")]
    [InlineData("modules.json", "[]", "no Transformer module")]
    [InlineData("modules.json", "[{\"type\":\"x.Transformer\",\"path\":\"\"}]", "no Pooling module")]
    [InlineData("modules.json", "[", "not whole JSON")]
    [InlineData("1_Pooling/config.json", "{}", "0 pooling modes")]
    [InlineData("1_Pooling/config.json", "3", "0 pooling modes")]
    [InlineData("1_Pooling/config.json", "{\"pooling_mode_mean_tokens\":true,\"pooling_mode_cls_token\":true}", "2 pooling modes")]
    public void A_wrong_file_is_named_with_what_is_wrong(string file, string content, string expected)
    {
        Write(file, content);
        ModelFormatException error = Should.Throw<ModelFormatException>(() => ModelFolder.Read(_folder));
        error.Message.ShouldContain(Path.Combine(_folder, file));
        error.Message.ShouldContain(expected);
    }

    [Theory]
    [InlineData("tokenizer.json")]
    [InlineData("onnx/model.onnx")]
    [InlineData("modules.json")]
    [InlineData("1_Pooling/config.json")]
    public void A_missing_file_is_named(string file)
    {
        File.Delete(Path.Combine(_folder, file));
        Should.Throw<ModelFormatException>(() => ModelFolder.Read(_folder)).Message.ShouldContain(file);
    }

    [Fact]
    public void A_graph_that_is_no_model_is_refused_before_anything_runs() =>
        Should.Throw<RetrievalException>(() => LocalEncoder.Load(new EncoderOptions { Models = [new ModelOptions { Path = _folder }], Provider = "cpu", Calibrate = false }, NullLogger.Instance)).Message.ShouldContain("model.onnx");

    private string Write(string file, string content)
    {
        string path = Path.Combine(_folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content, Encoding.Latin1);
        return path;
    }
}

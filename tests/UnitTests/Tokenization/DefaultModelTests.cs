using System.Text.Json;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

public sealed class DefaultModelTests
{
    [Theory]
    [InlineData("all-MiniLM-L6-v2")]
    [InlineData("leaf-mini-en")]
    public void Ids_of_the_models_own_tokenizer_are_those_that_its_embeddings_were_made_of(string model)
    {
        string tokenizerFile = Shared.Require("models", model, "tokenizer.json"), texts = Shared.Require("golden", "real", "texts.json");
        Npz goldens = Npz.Read(Path.Combine(Path.GetDirectoryName(tokenizerFile)!, "goldens.npz"));
        Tokenizer tokenizer = Tokenizer.Load(tokenizerFile);
        string[] all = JsonSerializer.Deserialize<string[]>(File.ReadAllText(texts))!;
        all.Length.ShouldBe(60);

        int[][] actual = [.. all.Select(t => tokenizer.Encode(t, addSpecialTokens: true, maxTokens: 256).Ids)];

        actual.Select(ids => (long)ids.Length).ShouldBe(goldens.Longs("lengths"));
        actual.SelectMany(ids => ids.Select(id => (long)id)).ShouldBe(goldens.Longs("ids"));
    }
}

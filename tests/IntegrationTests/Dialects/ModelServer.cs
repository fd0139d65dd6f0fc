using System.Text;
using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Dialects;

/// <summary>A server with the default model, under a name of Qdrant's recordings and with prompts, and with a model of each head where the golden exports are there.</summary>
public sealed class ModelServer : InProcessServer
{
    public const string Dense = "stub/dense", Sparse = "stub/sparse", CrossEncoder = "crossencoder", Classifier = "classifier", QueryPrompt = "query: ";

    private readonly TempFolder _models = new();

    protected override IEnumerable<KeyValuePair<string, string?>> More =>
    [
        new("Encoder:CompiledFolder", _models["compiled"]), .. Model(0, Prompted(), Dense),
        .. TestData.FindShared("golden", "bert_heads") is { } goldens
            ? (IEnumerable<KeyValuePair<string, string?>>)[.. Model(1, HeadModel.Write(_models["mlm"], goldens, "mlm"), Sparse), .. Model(2, HeadModel.Write(_models["cross"], goldens, "crossencoder"), CrossEncoder), .. Model(3, HeadModel.Write(_models["classes"], goldens, "classifier"), Classifier)]
            : [],
    ];

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _models.Dispose();
    }

    private string Prompted()
    {
        string folder = ModelCopy.Create(_models);
        ModelCopy.Change(folder, "config_sentence_transformers.json", _ => Encoding.UTF8.GetBytes($$$"""{"prompts":{"query":"{{{QueryPrompt}}}","title":"Title of: "}}"""));
        return folder;
    }

    private static KeyValuePair<string, string?>[] Model(int index, string path, string name) => [new($"Encoder:Models:{index}:Path", path), new($"Encoder:Models:{index}:Name", name)];
}

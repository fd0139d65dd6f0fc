using Retrieval.Contracts;
using Retrieval.Onnx;

namespace Retrieval.Encoder;

/// <summary>What is put on the graph of a model with a head: of the logits of every token, only the largest of each word leaves it.</summary>
internal static class HeadPasses
{
    /// <summary>The passes of a folder: its own, or those of its head.</summary>
    /// <exception cref="ModelFormatException">retrieval.json asks a model with a head for what only embedders have.</exception>
    public static IReadOnlyList<UpgradePass> Of(ModelFolder folder, RetrievalFile file)
    {
        if (folder.Kind == ModelKind.Embedding)
        {
            return file.Passes;
        }
        if (file.Passes.Count > 0 || file.Dimensions is not null || file.Queries.Count > 0 || file.Template is not null || file.Instruction != InstructionMask.None)
        {
            throw new ModelFormatException(file.File, $"asks for an upgrade of {Words.Of(folder.Kind)}; upgrades are for embedding models. Take the file out of the folder.");
        }
        return folder.Kind == ModelKind.Sparse ? [new UpgradePass("vocabulary", "vocabulary:logOfReLU", (model, _) => VocabularyPass.Apply(model, VocabularyWeight.LogOfReLU, null))] : [];
    }
}

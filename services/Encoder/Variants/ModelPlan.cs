using Retrieval.Onnx;

namespace Retrieval.Encoder;

/// <summary>What a folder and its retrieval.json ask for, before anything is opened.</summary>
/// <param name="Name">In requests.</param>
/// <param name="File">retrieval.json.</param>
/// <param name="Folder">The model's files.</param>
/// <param name="Documents">The same with what retrieval.json changes.</param>
/// <param name="Passes">Over its graph: retrieval.json's, or those of its head.</param>
/// <param name="MaxTokens">Null: what the folder says.</param>
internal sealed record ModelPlan(string Name, RetrievalFile File, ModelFolder Folder, ModelFolder Documents, IReadOnlyList<UpgradePass> Passes, int? MaxTokens)
{
    /// <summary>The query variants; one of the folder's own where the file lists none.</summary>
    public IReadOnlyList<QueryVariant> Variants => File.Queries.Count > 0 ? File.Queries : [new QueryVariant(OpenedModel.OnlyTier, null)];

    /// <summary>Reads both.</summary>
    /// <exception cref="ModelFormatException">Which file, what is wrong, the way out.</exception>
    public static ModelPlan Read(ModelOptions options)
    {
        RetrievalFile file = RetrievalFile.Read(options.Path);
        RequirePlain(file);
        ModelFolder folder = ModelFolder.Read(file.Model, options.Graph);
        IReadOnlyList<UpgradePass> passes = HeadPasses.Of(folder, file);
        return new ModelPlan(options.ServedName, file, folder, Changed(folder, file, passes), passes, options.MaxTokens);
    }

    /// <summary>A folder with what a file changes.</summary>
    /// <param name="folder">What its files say.</param>
    /// <param name="file">Its retrieval.json.</param>
    /// <param name="passes">Over its graph.</param>
    public static ModelFolder Changed(ModelFolder folder, RetrievalFile file, IReadOnlyList<UpgradePass> passes) => folder with
    {
        Template = file.Template,
        Instruction = file.Instruction == InstructionMask.None || folder.PoolingMode == "mean" ? file.Instruction
            : throw new ModelFormatException(file.File, $"leaves an instruction out of a mean, but the model's pooling is {folder.PoolingMode}. Leave out 'instruction'."),
        Steps = file.Dimensions is { } dimensions ? [.. Steps(folder, file, passes), new FirstNumbers(dimensions, file.File), UnitLength.Instance] : Steps(folder, file, passes),
    };

    /// <summary>A dense layer that was trained for the last layer says nothing about another: an exit brings its own.</summary>
    private static IReadOnlyList<IVectorStep> Steps(ModelFolder folder, RetrievalFile file, IReadOnlyList<UpgradePass> passes) => passes.LastOrDefault(p => p.Layer is not null) switch
    {
        null => folder.Steps,
        { Dense: { } dense } => [DenseLayer.OfFile(dense, tanh: false), .. folder.Steps.Where(s => s is not DenseLayer)],
        { Layer: var layer } when folder.Steps.Any(s => s is DenseLayer) => throw new ModelFormatException(file.File,
            $"leaves after layer {layer}, but the model has a dense layer behind its last one. Name the one that was trained for this exit with 'dense', as a .safetensors file."),
        _ => folder.Steps,
    };

    /// <summary>What another folder's own file says would be lost without a word.</summary>
    private static void RequirePlain(RetrievalFile file)
    {
        string other = Path.Combine(file.Model, RetrievalFile.Name);
        if (other != file.File && System.IO.File.Exists(other))
        {
            throw new ModelFormatException(file.File, $"names the model in {file.Model}, which has a {RetrievalFile.Name} of its own. Move what that says into this file.");
        }
    }
}

using Retrieval.Contracts;
using Retrieval.Onnx;
using Retrieval.OnnxRuntime;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>A graph that is open.</summary>
/// <param name="Session">Runs it, on one thread a run.</param>
/// <param name="Provider">Where, and why there.</param>
/// <param name="Hash">Of all that decides its bytes.</param>
/// <param name="Ports">What it takes and gives.</param>
/// <param name="Source">Where it came from.</param>
internal sealed record OpenedGraph(EncoderSession Session, string Provider, string Hash, GraphPorts Ports, GraphSource Source);

/// <summary>Where a graph is opened from.</summary>
/// <param name="File">ONNX file; of a graph that is cut from another in memory, that one's.</param>
/// <param name="Bytes">Of graph and weights, less weights that it shares with the graph it is cut from.</param>
/// <param name="Open">Opens it again, with so many threads inside its runs.</param>
internal sealed record GraphSource(string File, long Bytes, Func<int, EncoderSession> Open)
{
    /// <summary>A file with its external data.</summary>
    public static GraphSource Of(OnnxModelInfo graph, string provider) =>
        new(graph.File, ((string[])[graph.File, .. graph.ExternalFiles]).Sum(f => new FileInfo(f).Length), threads => ProviderChoice.Open(graph.File, provider, threads).Session);
}

/// <summary>What belongs to a graph to make a model of it.</summary>
/// <param name="Name">In requests.</param>
/// <param name="Folder">What the files say.</param>
/// <param name="Passes">That were applied to the graph.</param>
/// <param name="Tokenizer">Of its tokenizer.json.</param>
/// <param name="MaxTokens">Null: what the folder says.</param>
internal sealed record ModelParts(string Name, ModelFolder Folder, IReadOnlyList<UpgradePass> Passes, Tokenizer Tokenizer, int? MaxTokens)
{
    /// <summary>The graph pools, so that it gives a vector of a text and none of a token.</summary>
    public bool PoolsText => Passes.Any(p => p.PoolsText);

    /// <summary>The space of the vectors of a graph.</summary>
    /// <exception cref="ModelFormatException">A module does not take the numbers of the one before it.</exception>
    public VectorSpace Space(string hash, int width)
    {
        if (MaxTokens > Folder.MaxTokens)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Encoder:Models MaxTokens {MaxTokens} is more than the model in {Folder.Path} reads.", "MaxTokens", $"{MaxTokens}", $"{Folder.MaxTokens}", "Lower it, or leave it out.");
        }
        if (PoolsText && Folder.Instruction != InstructionMask.None)
        {
            throw new ModelFormatException(Path.Combine(Folder.Path, RetrievalFile.Name), "leaves an instruction out of a mean, but a pass pools inside the graph, over all tokens. Leave out 'instruction'.");
        }
        string pooling = PoolsText ? "multi-layer" : Folder.PoolingMode;
        return new VectorSpace
        {
            Weights = hash,
            Tokenizer = Tokenizer.Hash,
            DocumentTemplate = Folder.DocumentTemplate,
            MaxTokens = MaxTokens ?? Folder.MaxTokens,
            Layer = Passes.LastOrDefault(p => p.Layer is not null)?.Layer,
            Dimensions = Folder.Steps.Aggregate(width, (inputs, step) => step.Outputs(inputs)),
            Pooling = Folder.Instruction == InstructionMask.None ? pooling : $"{pooling}-{Folder.Instruction}".ToLowerInvariant(),
            PostProcessing = [.. Folder.Steps.Select(s => s.Id)],
        };
    }

    /// <summary>
    /// Names everything that turns tokens into the model's vectors. Not the id of the space alone: graphs that are cut from one in memory carry its hash,
    /// and their passes are what tells them apart.
    /// </summary>
    public string Identity(VectorSpace space) => string.Join('\n', [space.Id, .. Passes.Select(p => p.Key)]);
}

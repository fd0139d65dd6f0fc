using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// A vector as words (Text2Token, arXiv 2510.10224): the part of a model behind its last layer, which turns a state into logits of the vocabulary, alone.
/// Input <c>vectors</c> (n, width), outputs <c>token_ids</c> and <c>token_weights</c> (n, k), heaviest first. For vectors of the model itself, before any
/// dense layer.
/// </summary>
/// <param name="top">Words a vector.</param>
public sealed class Explain(int top) : GraphPass
{
    /// <summary>Names of input and outputs.</summary>
    public const string Vectors = "vectors", Ids = "token_ids", Weights = "token_weights";

    private const string Logits = "logits";

    /// <inheritdoc/>
    public override string Name => $"explain({top})";

    /// <inheritdoc/>
    public override string? Refusal(TransformerGraph graph) => HiddenOutput.Refusal(graph)
        ?? (graph.Graph.Proto.Graph.Output.FirstOrDefault(o => o.Name == Logits && o.Type.TensorType.Shape?.Dim.Count == 3) is not { } output ? $"the model has no output '{Logits}' (texts, tokens, vocabulary); export it with its language-model head"
        : TokenStates.Width(graph.Graph, output) is var words && (top < 1 || top > words) ? $"{top} of {words} words are asked for"
        : graph.HiddenSize is null ? "the width of its states is unknown"
        : graph.Flow.Probe[HiddenOutput.Library(graph, graph.Layers.Count)].Type != DataType.Float ? "its states are not float32; export it in single precision"
        : null);

    private protected override bool Edit(TransformerGraph graph)
    {
        HeadGraph head = new(graph.Graph, Name);
        Graph edited = graph.Graph;
        string state = HiddenOutput.Library(graph, graph.Layers.Count);
        ValueInfoProto logits = edited.Proto.Graph.Output.First(o => o.Name == Logits);
        edited.SetOutputs(logits);
        edited.AddInput(Vectors, DataType.Float, "vectors", $"{graph.HiddenSize}");
        edited.ReplaceUses(state, head.Unsqueeze(Vectors, 1));
        string weights = edited.Add("TopK", [head.Squeeze(head.Take(Logits), 1), head.Longs(top)], [Attributes.Of("axis", 1L)], outputs: 2);
        head.Give(edited.Producer(weights)!.Output[1], Ids, DataType.Int64, "vectors", $"{top}");
        head.Give(weights, Weights, DataType.Float, "vectors", $"{top}");
        foreach (string unused in edited.Inputs.Select(i => i.Name).Where(i => i != Vectors).ToArray())
        {
            edited.RemoveInput(unused);
        }
        return true;
    }
}

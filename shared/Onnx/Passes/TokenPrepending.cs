using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// Token Prepending (arXiv 2412.11556): before each layer i with start &lt;= i &lt; exit, the state of a placeholder in front of the sentence is
/// overwritten by the state of the last token, so that what follows the placeholder sees a summary of the whole. The model gets an input
/// <c>pst_mask</c>, 1 at the placeholder; all zeros give the base model bit for bit. The last token is the last that attention_mask shows, so that
/// both padding sides work. The official code takes the embedding from a layer of choice: <see cref="Exit"/> behind this pass.
/// </summary>
/// <param name="start">First layer, from 0, whose input is edited.</param>
/// <param name="exit">First layer from which on the input is left alone; beyond the last layer means all.</param>
public sealed class TokenPrepending(int start = TokenPrepending.DefaultStart, int exit = TokenPrepending.DefaultExit) : GraphPass
{
    /// <summary>The official command line's.</summary>
    public const int DefaultStart = 1, DefaultExit = 99;

    private const long GathersRows = 12;

    /// <inheritdoc/>
    public override string Name => $"token-prepending({start}; {exit})";

    /// <inheritdoc/>
    public override string? Refusal(TransformerGraph graph) =>
        start < 0 || exit < start ? $"layers {start} to {exit} are no range; give a start of at least 0 and an exit not below it"
        : start >= graph.Layers.Count ? $"layer {start} does not exist; the model has layers 0 to {graph.Layers.Count - 1}"
        : HiddenOutput.Refusal(graph) ?? (graph.Sees switch
        {
            null => Unproven(graph.Layers) ?? "what a token sees is unknown",
            MaskKind.Causal => null,
            _ => "every token already sees what comes after it; the method is for causal decoders",
        })
        ?? (graph.Graph.Opset < GathersRows ? $"operator set {graph.Graph.Opset} cannot gather a token per row; export with 14 or later" : null)
        ?? (graph.Graph.IsInput(ModelInputs.Mask) ? null : $"the model has no input '{ModelInputs.Mask}' that shows the last token")
        ?? (graph.Graph.IsInput(ModelInputs.Placeholder) ? $"the model has an input '{ModelInputs.Placeholder}' already" : null);

    private protected override bool Edit(TransformerGraph graph)
    {
        int end = Math.Min(exit, graph.Layers.Count);
        Graph edited = graph.Graph;
        Builder build = new(edited);
        edited.AddInput(ModelInputs.Placeholder, DataType.Int64, "rows", "tokens");
        string isPlaceholder = build.Unsqueeze(build.Cast(ModelInputs.Placeholder, DataType.Bool), 2);
        string last = build.ReduceMax(build.Node("Mul", build.Cast(ModelInputs.Mask, DataType.Int64), build.Count(ModelInputs.Ids)), 1, true);
        // States are looked up before any is edited: an edit gives a layer's input another name.
        (string Hidden, Junction? Before)[] states = [.. Enumerable.Range(start, end - start).Select(i => (graph.Layers[i].HiddenIn!, i == 0 ? null : graph.Layers[i - 1].FeedForward))];
        foreach ((string hidden, Junction? before) in states)
        {
            string summary = build.Unsqueeze(edited.Add("GatherND", [hidden, last], [Attributes.Of("batch_dims", 1)]), 1);
            string kept = build.Node("Where", isPlaceholder, summary, hidden);
            NodeProto[] own = [edited.Producer(kept)!, edited.Producer(edited.Producer(summary)!.Input[0])!];
            edited.ReplaceUses(hidden, kept, own);
            if (before is { IsFused: true, Norm: { } norm })
            {
                // The placeholder alone is normalised anew: other tokens keep the fused node's bits.
                string normed = build.Node("Where", isPlaceholder, Renorm.Apply(graph.Flow, norm, kept), norm.Output);
                edited.ReplaceUses(norm.Output, normed, edited.Producer(normed)!);
            }
        }
        return true;
    }
}

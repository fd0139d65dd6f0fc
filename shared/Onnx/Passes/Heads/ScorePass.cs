using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// Scores from the logits of a cross-encoder or classifier: one logit becomes its sigmoid, several become their softmax. Output <c>scores</c>
/// (texts, labels) in front of the logits.
/// </summary>
public static class ScorePass
{
    /// <summary>Name of the output.</summary>
    public const string Scores = "scores";

    private const string Name = "score", Logits = "logits";

    /// <summary>Adds the scores.</summary>
    /// <exception cref="PassRefusedException">The model has no logits of a known number of labels.</exception>
    public static OnnxModel Apply(OnnxModel model)
    {
        HeadGraph head = new(model, Name);
        ValueInfoProto output = head.Graph.Proto.Graph.Output.FirstOrDefault(o => o.Name == Logits && o.Type.TensorType.Shape?.Dim.Count == 2)
            ?? throw head.Refuse($"it has no output '{Logits}' (texts, labels); its outputs are {string.Join(", ", head.Graph.Outputs)}. Export it for text classification.");
        int labels = TokenStates.Width(head.Graph, output) ?? throw head.Refuse($"its output '{Logits}' does not say how many labels it has. Export it with a fixed number.");
        string logits = head.Take(Logits);
        head.Give(logits, Logits, DataType.Float, "batch", $"{labels}");
        head.Give(labels == 1 ? head.Op("Sigmoid", logits) : head.Softmax(logits), Scores, DataType.Float, "batch", $"{labels}");
        return head.ToModel();
    }
}

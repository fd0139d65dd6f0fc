using System.Globalization;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>What a token's logit becomes before the largest over the text is taken.</summary>
public enum VocabularyWeight
{
    /// <summary>log(1 + max(z, 0)): SPLADE.</summary>
    LogOfReLU,
    /// <summary>The logit itself: DupMAE (arXiv 2305.02564).</summary>
    Raw,
    /// <summary>elu(z) + 1, which is never 0: VDR (ICLR 2024).</summary>
    EluPlusOne,
}

/// <summary>
/// A text as weights of the vocabulary, from a model with a masked-language-model head: the largest of each token's logits over the text, pads
/// left out. Output <c>sparse_embedding</c> (texts, vocabulary), or its k largest as <c>sparse_values</c> and <c>sparse_indices</c> (texts, k).
/// </summary>
public static class VocabularyPass
{
    /// <summary>Names of the outputs.</summary>
    public const string Weights = "sparse_embedding", Values = "sparse_values", Indices = "sparse_indices";

    private const string Name = "vocabulary", Logits = "logits";

    /// <summary>Puts the head on.</summary>
    /// <param name="model">Has an output of logits (texts, tokens, vocabulary) and an attention mask.</param>
    /// <param name="weight">What a logit becomes.</param>
    /// <param name="top">Null: the whole vocabulary.</param>
    /// <exception cref="PassRefusedException">The model has no such output, or a vocabulary smaller than top.</exception>
    public static OnnxModel Apply(OnnxModel model, VocabularyWeight weight, int? top)
    {
        HeadGraph head = new(model, Name);
        ValueInfoProto output = head.Graph.Proto.Graph.Output.FirstOrDefault(o => o.Name == Logits && o.Type.TensorType.Shape?.Dim.Count == 3 && o.Type.TensorType.ElemType == DataType.Float)
            ?? throw head.Refuse($"it has no float32 output '{Logits}' (texts, tokens, vocabulary); its outputs are {string.Join(", ", head.Graph.Outputs)}. Export it with its masked-language-model head (task fill-mask).");
        int? vocabulary = TokenStates.Width(head.Graph, output);
        if (top < 1 || top > vocabulary)
        {
            throw head.Refuse($"{top} of {vocabulary?.ToString(CultureInfo.InvariantCulture) ?? "its"} words are asked for. Ask for 1 to {vocabulary?.ToString(CultureInfo.InvariantCulture) ?? "as many as there are"}.");
        }
        string mask = TokenStates.FloatMask(head);
        string largest = PoolingPass.Pool(head, head.Take(Logits), mask, PoolingMode.Max);
        // All three grow with z, so that the largest may be taken first.
        string weights = weight switch
        {
            VocabularyWeight.LogOfReLU => head.Op("Log", head.Op("Add", head.Op("Relu", largest), head.Scalar(1))),
            VocabularyWeight.EluPlusOne => head.Op("Add", head.Op("Elu", largest), head.Scalar(1)),
            _ => largest,
        };
        if (top is null)
        {
            head.Give(weights, Weights, DataType.Float, "batch", vocabulary?.ToString(CultureInfo.InvariantCulture) ?? "vocabulary");
        }
        else
        {
            string values = head.Graph.Add("TopK", [weights, head.Longs(top.Value)], [Attributes.Of("axis", 1L)], outputs: 2);
            head.Give(head.Graph.Producer(values)!.Output[1], Indices, DataType.Int64, "batch", $"{top}");
            head.Give(values, Values, DataType.Float, "batch", $"{top}");
        }
        return head.ToModel();
    }
}

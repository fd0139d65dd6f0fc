using System.Globalization;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>The outputs that a head is put on, and what is known of them.</summary>
internal static class TokenStates
{
    /// <summary>Name of the vector of a text.</summary>
    public const string Vector = "sentence_embedding";

    public const string Mask = "attention_mask";

    private static readonly string[] Usual = ["last_hidden_state", "token_embeddings", "hidden_states"];

    /// <summary>The output of shape (texts, tokens, width), by its usual name or as the only one of that shape.</summary>
    public static ValueInfoProto Of(HeadGraph head)
    {
        ValueInfoProto[] all = [.. head.Graph.Proto.Graph.Output.Where(o => DataType.IsFloating(o.Type.TensorType.ElemType) && (o.Type.TensorType.Shape?.Dim.Count ?? 3) == 3)];
        ValueInfoProto found = Array.Find(all, o => Usual.Contains(o.Name)) ?? (all.Length == 1 ? all[0] : throw head.Refuse(
            $"it has {(all.Length == 0 ? "no output" : $"{all.Length} outputs")} of token states; its outputs are {string.Join(", ", head.Graph.Outputs)}. Export it with last_hidden_state as output."));
        return found.Type.TensorType.ElemType == DataType.Float ? found : throw head.Refuse($"its output '{found.Name}' is not float32. Export it with float32 inputs and outputs.");
    }

    /// <summary>The attention mask as float32, (texts, tokens).</summary>
    public static string FloatMask(HeadGraph head) => head.Graph.IsInput(Mask) ? head.Cast(Mask, DataType.Float) : throw head.Refuse($"it has no input '{Mask}' that says which tokens are a text's. Export it with one.");

    /// <summary>Numbers of a token's state: as declared, or as the parameters nearest before it have them; null when neither tells.</summary>
    public static int? Width(Graph graph, ValueInfoProto output)
    {
        if (output.Type.TensorType.Shape?.Dim.LastOrDefault() is { HasDimValue: true } declared)
        {
            return (int)declared.DimValue;
        }
        string? tensor = output.Name;
        for (int i = 0; i < 16 && tensor is not null && graph.Producer(tensor) is { } node; i++)
        {
            if (node.Input.Select(n => graph.Initializers.GetValueOrDefault(n)).FirstOrDefault(t => t is { Dims: [> 1] }) is { } parameter)
            {
                return (int)parameter.Dims[0];
            }
            tensor = node.In(0);
        }
        return null;
    }

    /// <summary>Refuses a head that was made for another width.</summary>
    public static void RequireWidth(HeadGraph head, ValueInfoProto states, int width, string what)
    {
        if (Width(head.Graph, states) is { } own && own != width)
        {
            throw head.Refuse($"{what} is for {width.ToString(CultureInfo.InvariantCulture)} numbers a token, and its output '{states.Name}' has {own}. Take the weights that belong to this model.");
        }
    }
}

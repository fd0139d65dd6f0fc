using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// Pools inside the graph: output <c>sentence_embedding</c> (texts, width) in front of the outputs that were there. Tokens are told from pads by
/// the attention mask alone, on whichever side the pads are; a text without tokens gives zeros.
/// </summary>
public static class PoolingPass
{
    /// <summary>Input (texts) of int64: how many tokens each text's instruction has, the beginning-of-text token not counted. Only with a mask.</summary>
    public const string InstructionTokens = "instruction_tokens";

    private const string Name = "pool";
    private const float Tiny = 1e-9f;

    /// <summary>Adds the pooling.</summary>
    /// <exception cref="PassRefusedException">The model has no token states or no attention mask.</exception>
    public static OnnxModel Apply(OnnxModel model, PoolingMode mode, InstructionMask instruction = InstructionMask.None)
    {
        HeadGraph head = new(model, Name);
        ValueInfoProto output = TokenStates.Of(head);
        string width = $"{TokenStates.Width(head.Graph, output)?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "width"}", mask = TokenStates.FloatMask(head);
        string states = head.Take(output.Name);
        if (head.Graph.IsOutput(TokenStates.Vector))
        {
            head.Take(TokenStates.Vector); // an export that pools already: its own pooling falls away
        }
        string pooled = Pool(head, states, instruction == InstructionMask.None ? mask : WithoutInstruction(head, mask, instruction), mode);
        head.Give(states, output.Name, DataType.Float, "batch", "tokens", width);
        head.Give(pooled, TokenStates.Vector, DataType.Float, "batch", width);
        return head.ToModel();
    }

    /// <summary>Pools (texts, tokens, width) by a float mask (texts, tokens).</summary>
    internal static string Pool(HeadGraph head, string states, string mask, PoolingMode mode)
    {
        string has = head.Cast(head.Unsqueeze(mask, 2), DataType.Bool);
        switch (mode)
        {
            case PoolingMode.Cls or PoolingMode.LastToken:
                string token = head.Graph.Add("GatherND", [states, head.ArgMax(mask, mode == PoolingMode.LastToken)], [Attributes.Of("batch_dims", 1L)]);
                return head.Op("Where", AnyToken(head, mask), token, head.Scalar(0));
            case PoolingMode.Max:
                return head.Op("Where", AnyToken(head, mask), head.Max(head.Op("Where", has, states, head.Scalar(float.MinValue)), 1), head.Scalar(0));
            default:
                string weights = mode == PoolingMode.WeightedMean ? head.Op("Mul", head.Op("CumSum", mask, head.Graph.AddConstant("axis", DataType.Int64, [1L])), mask) : mask;
                // What stands at pads may be anything, also no number: it is replaced, not multiplied by 0.
                string known = head.Op("Where", has, states, head.Scalar(0));
                string sum = head.Sum(mode == PoolingMode.WeightedMean ? head.Op("Mul", known, head.Unsqueeze(weights, 2)) : known, 1);
                string count = head.Op("Max", head.Sum(weights, 1, keep: true), head.Scalar(Tiny));
                return head.Op("Div", sum, mode == PoolingMode.MeanSqrtLen ? head.Op("Sqrt", count) : count);
        }
    }

    private static string AnyToken(HeadGraph head, string mask) => head.Cast(head.Max(mask, 1, keep: true), DataType.Bool);

    /// <summary>The mask without the first positions of each text's own tokens, n of them or, strictly, one more where there is an instruction.</summary>
    private static string WithoutInstruction(HeadGraph head, string mask, InstructionMask kind)
    {
        head.Graph.AddInput(InstructionTokens, DataType.Int64, "batch");
        string count = head.Cast(head.Unsqueeze(InstructionTokens, 1), DataType.Float);
        string position = head.Op("CumSum", mask, head.Graph.AddConstant("axis", DataType.Int64, [1L])); // from 1
        string first = kind == InstructionMask.Official ? count : head.Op("Add", count, head.Op("Min", count, head.Scalar(1)));
        return head.Op("Mul", mask, head.Cast(head.Op("Greater", position, first), DataType.Float));
    }
}

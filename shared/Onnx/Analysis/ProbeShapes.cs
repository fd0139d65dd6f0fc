using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Shapes and types behind the network's own operators; their numbers are never computed here.</summary>
internal static class ProbeShapes
{
    public static ProbeValue[] Apply(NodeProto node, ProbeValue[] inputs)
    {
        ProbeValue x = At(inputs, 0), y = At(inputs, 1);
        return node.Operator() switch
        {
            "MatMul" or "com.microsoft.FusedMatMul" when node.Int("transA", 0) == 0 => [new(x.Type, MatMul(x.Dims, node.Int("transB", 0) == 0 ? y.Dims : Swapped(y.Dims)), null)],
            "MatMulInteger" => [new(DataType.Int32, MatMul(x.Dims, y.Dims), null)],
            "com.microsoft.MatMulIntegerToFloat" or "com.microsoft.DynamicQuantizeMatMul" => [new(DataType.Float, MatMul(x.Dims, y.Dims), null)],
            "com.microsoft.MatMulNBits" => [new(x.Type, x.Dims is null ? null : [.. x.Dims[..^1], (int)node.Int("N", 0)], null)],
            "Gemm" => [new(x.Type, x.Dims is [var m, _] && y.Dims is [var k, var n] ? [m, node.Int("transB", 0) == 0 ? n : k] : null, null)],
            "DequantizeLinear" or "com.microsoft.DequantizeLinear" => [new(y.Type, x.Dims, null)],
            "QuantizeLinear" or "com.microsoft.QuantizeLinear" => [new(At(inputs, 2).Type is var z && z != 0 ? z : DataType.UInt8, x.Dims, null)],
            "DynamicQuantizeLinear" => [new(DataType.UInt8, x.Dims, null), new(DataType.Float, [], null), new(DataType.UInt8, [], null)],
            "com.microsoft.EmbedLayerNormalization" => Embeddings(node, inputs),
            "com.microsoft.Attention" => [new(x.Type, x.Dims is [var b, var s, _] && y.Dims is [_, var w] ? [b, s, w / 3] : null, null)],
            "com.microsoft.GroupQueryAttention" => [new(x.Type, GroupQuery(node, x, y), null), .. Enumerable.Repeat(ProbeValue.Unknown, 3)],
            "Attention" => [new(x.Type, x.Dims is { Length: 4 } q && At(inputs, 2).Dims is { Length: 4 } v ? [.. q[..3], v[3]] : x.Rank == 3 ? x.Dims : null, null), .. Enumerable.Repeat(ProbeValue.Unknown, 3)],
            "Softmax" or "Relu" or "Sigmoid" or "Tanh" or "Erf" or "Gelu" or "Softplus" or "Elu" or "LayerNormalization" or "RMSNormalization" or "SimplifiedLayerNormalization" or "RotaryEmbedding"
                or "com.microsoft.RotaryEmbedding" or "com.microsoft.Gelu" or "com.microsoft.FastGelu" or "com.microsoft.BiasGelu" or "com.microsoft.QuickGelu" or "com.microsoft.MultiHeadAttention"
                or "com.microsoft.SkipLayerNormalization" or "com.microsoft.SkipSimplifiedLayerNormalization" => [new(x.Type, x.Dims, null), ProbeValue.Unknown, ProbeValue.Unknown, new(x.Type, x.Dims, null)],
            _ => [.. Enumerable.Repeat(ProbeValue.Unknown, node.Output.Count)],
        };
    }

    private static ProbeValue At(ProbeValue[] inputs, int index) => index < inputs.Length ? inputs[index] : ProbeValue.Unknown;

    private static int[]? Swapped(int[]? dims) => dims is { Length: >= 2 } ? [.. dims[..^2], dims[^1], dims[^2]] : null;

    private static int[]? MatMul(int[]? a, int[]? b)
    {
        if (a is not { Length: >= 2 } || b is not { Length: >= 2 } || a[^1] != b[^2])
        {
            return null;
        }
        return ProbeValue.Broadcast(a[..^2], b[..^2]) is { } outer ? [.. outer, a[^2], b[^1]] : null;
    }

    private static ProbeValue[] Embeddings(NodeProto node, ProbeValue[] inputs)
    {
        ProbeValue words = At(inputs, 2);
        int[]? dims = At(inputs, 0).Dims is [var b, var s] && words.Dims is [_, var h] ? [b, s, h] : null;
        return [new(words.Type, dims, null), new(DataType.Int32, dims is null ? null : [dims[0]], null), new(words.Type, dims, null)];
    }

    private static int[]? GroupQuery(NodeProto node, ProbeValue query, ProbeValue key)
    {
        long heads = node.Int("num_heads", 0), groups = node.Int("kv_num_heads", 0);
        return query.Dims is not [var b, var s, var width] || heads == 0 ? null : key.Dims is null ? [b, s, (int)(width / (heads + (2 * groups)) * heads)] : query.Dims;
    }
}

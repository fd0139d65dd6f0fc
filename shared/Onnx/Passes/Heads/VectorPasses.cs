using System.Globalization;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Activation of a dense layer.</summary>
public enum DenseActivation
{
    /// <summary>None.</summary>
    Identity,
    /// <summary>Hyperbolic tangent.</summary>
    Tanh,
    /// <summary>max(x, 0).</summary>
    Relu,
    /// <summary>x / 2 (1 + erf(x / sqrt 2)).</summary>
    Gelu,
    /// <summary>1 / (1 + e^-x).</summary>
    Sigmoid,
}

/// <summary>What follows pooling inside the graph: dense layers, the first numbers, unit length. Each changes the output <c>sentence_embedding</c>.</summary>
public static class VectorPasses
{
    // torch.nn.functional.normalize divides by no less.
    private const float Tiny = 1e-12f;

    /// <summary>y = activation(W x + b).</summary>
    /// <param name="model">Has the output sentence_embedding.</param>
    /// <param name="weight">Outputs x inputs.</param>
    /// <param name="bias">Null: none.</param>
    /// <param name="activation">Of sentence-transformers' names.</param>
    /// <exception cref="PassRefusedException">There is no vector, or its width is another.</exception>
    public static OnnxModel Dense(OnnxModel model, WeightTensor weight, WeightTensor? bias, DenseActivation activation) => Change(model, "dense", (head, vector, width) =>
    {
        if (weight.Shape.Count != 2 || (width is { } own && weight.Shape[1] != own) || (bias is not null && (bias.Shape.Count != 1 || bias.Shape[0] != weight.Shape[0])))
        {
            throw head.Refuse($"weight '{weight.Name}' of {weight.Size}{(bias is null ? "" : $" and bias '{bias.Name}' of {bias.Size}")} don't fit behind {width?.ToString(CultureInfo.InvariantCulture) ?? "?"} numbers. Take the weights that belong to this model.");
        }
        string product = head.Linear(vector, weight, bias);
        return (activation switch
        {
            DenseActivation.Tanh => head.Op("Tanh", product),
            DenseActivation.Relu => head.Op("Relu", product),
            DenseActivation.Gelu => head.Gelu(product),
            DenseActivation.Sigmoid => head.Op("Sigmoid", product),
            _ => product,
        }, weight.Shape[0]);
    });

    /// <summary>The first numbers of the vector (Matryoshka, arXiv 2205.13147); unit length has to follow.</summary>
    /// <exception cref="PassRefusedException">There is no vector, or it is not longer.</exception>
    public static OnnxModel Truncate(OnnxModel model, int dimensions) => Change(model, "truncate", (head, vector, width) =>
        dimensions >= 1 && (width is null || dimensions <= width) ? (head.Slice(vector, 1, 0, dimensions), dimensions)
            : throw head.Refuse($"{dimensions} dimensions are asked of vectors of {width}. Ask for 1 to {width}."));

    /// <summary>Unit length; a vector of zeros stays one.</summary>
    /// <exception cref="PassRefusedException">There is no vector.</exception>
    public static OnnxModel Normalize(OnnxModel model) => Change(model, "normalize", (head, vector, width) =>
        (head.Op("Div", vector, head.Op("Max", head.Op("Sqrt", head.Sum(head.Op("Mul", vector, vector), 1, keep: true)), head.Scalar(Tiny))), width));

    private static OnnxModel Change(OnnxModel model, string pass, Func<HeadGraph, string, int?, (string Vector, int? Width)> change)
    {
        HeadGraph head = new(model, pass);
        ValueInfoProto output = head.Graph.Proto.Graph.Output.FirstOrDefault(o => o.Name == TokenStates.Vector) ?? throw head.Refuse($"it has no output '{TokenStates.Vector}'. Pool it first.");
        int? width = output.Type.TensorType.Shape?.Dim.LastOrDefault() is { HasDimValue: true } declared ? (int)declared.DimValue : null;
        (string vector, int? now) = change(head, head.Take(TokenStates.Vector), width);
        head.Give(vector, TokenStates.Vector, DataType.Float, "batch", now?.ToString(CultureInfo.InvariantCulture) ?? "width");
        return head.ToModel();
    }
}

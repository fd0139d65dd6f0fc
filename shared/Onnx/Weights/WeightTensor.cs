namespace Retrieval.Onnx;

/// <summary>Numbers of a head or layer that a model file does not hold itself.</summary>
/// <param name="Name">As its file has it.</param>
/// <param name="Shape">Sizes of its axes.</param>
/// <param name="Values">Row-major.</param>
public sealed record WeightTensor(string Name, IReadOnlyList<int> Shape, float[] Values)
{
    /// <summary>Sizes for people: <c>384 x 1024</c>.</summary>
    public string Size => Shape.Count == 0 ? "one number" : string.Join(" x ", Shape);
}

namespace Retrieval.Onnx;

/// <summary>Weights beside a model: a .safetensors file, a .npz archive, or one .npy array. Tensors are read when they are asked for.</summary>
public abstract class WeightFile
{
    /// <summary>Remembers the path.</summary>
    protected WeightFile(string path) => File = path;

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>Names of the tensors.</summary>
    public abstract IReadOnlyCollection<string> Names { get; }

    /// <summary>Opens a file by its extension.</summary>
    /// <exception cref="OnnxFormatException">It is missing, damaged or of another kind.</exception>
    public static WeightFile Open(string path)
    {
        try
        {
            return Path.GetExtension(path) switch
            {
                ".safetensors" => Safetensors.Open(path),
                ".npz" or ".npy" => NumpyArrays.Open(path),
                var other => throw new OnnxFormatException(path, $"is of kind '{other}'; weights are read from .safetensors, .npz and .npy. Convert it."),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OnnxFormatException(path, $"cannot be read: {e.Message} Give the path of a file with weights that this user may read.", e);
        }
    }

    /// <summary>A tensor as float32; null when there is none of that name.</summary>
    /// <exception cref="OnnxFormatException">It is damaged, or of a type other than float64, float32, float16 or bfloat16.</exception>
    public abstract WeightTensor? Find(string name);

    /// <summary>A tensor that must be there.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its sizes; -1 takes any.</param>
    /// <exception cref="OnnxFormatException">It is missing, or of another shape.</exception>
    public WeightTensor Require(string name, params IReadOnlyList<int> shape)
    {
        WeightTensor tensor = Find(name) ?? throw new OnnxFormatException(File, $"has no tensor '{name}'; it has {Few(Names)}.");
        bool fits = tensor.Shape.Count == shape.Count && tensor.Shape.Zip(shape).All(s => s.Second < 0 || s.First == s.Second);
        return fits ? tensor : throw new OnnxFormatException(File, $"has tensor '{name}' of {tensor.Size}; {string.Join(" x ", shape.Select(s => s < 0 ? "n" : $"{s}"))} is needed here. Take the weights that belong to this model.");
    }

    private static string Few(IReadOnlyCollection<string> names) => names.Count == 0 ? "none" : string.Join(", ", names.Take(8)) + (names.Count > 8 ? $" and {names.Count - 8} more" : "");
}

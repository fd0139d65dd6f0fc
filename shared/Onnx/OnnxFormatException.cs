namespace Retrieval.Onnx;

/// <summary>A file that is not a whole ONNX model: which file and what is wrong with it.</summary>
public sealed class OnnxFormatException(string file, string detail, Exception? inner = null) : Exception($"{file} {detail}", inner)
{
    /// <summary>The file.</summary>
    public string File { get; } = file;
}

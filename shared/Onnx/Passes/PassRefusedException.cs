namespace Retrieval.Onnx;

/// <summary>A pass that cannot prove that it would do what it is for: which file, which pass and why.</summary>
public sealed class PassRefusedException(string file, string pass, string reason) : Exception($"{file}: {pass} does not apply: {reason}")
{
    /// <summary>The model.</summary>
    public string File { get; } = file;

    /// <summary>The pass, with its parameters.</summary>
    public string Pass { get; } = pass;

    /// <summary>Why, with what would help.</summary>
    public string Reason { get; } = reason;
}

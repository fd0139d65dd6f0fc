namespace Retrieval.Onnx;

/// <summary>A pass that does not apply to a model: which file, which pass, why not, and the way out. Nothing was changed.</summary>
public sealed class PassRefusedException(string file, string pass, string reason) : Exception($"{file} cannot take the pass {pass}: {reason}")
{
    /// <summary>The model.</summary>
    public string File { get; } = file;

    /// <summary>Name of the pass.</summary>
    public string Pass { get; } = pass;

    /// <summary>What could not be proven, and the way out.</summary>
    public string Reason { get; } = reason;
}

using Retrieval.Vectors;

namespace Retrieval.Encoder;

/// <summary>What a folder's modules do with the pooled vector, in their order.</summary>
internal interface IVectorStep
{
    /// <summary>Name for the vector space: what the step computes, weights by their hash.</summary>
    string Id { get; }

    /// <summary>Numbers out for numbers in.</summary>
    /// <exception cref="ModelFormatException">The step does not take that many.</exception>
    int Outputs(int inputs);

    /// <summary>The next vector; it may be the same array.</summary>
    float[] Apply(float[] vector);
}

/// <summary>Scales to unit length.</summary>
internal sealed class UnitLength : IVectorStep
{
    /// <summary>It has no state.</summary>
    public static UnitLength Instance { get; } = new();

    public string Id => "normalize";

    public int Outputs(int inputs) => inputs;

    public float[] Apply(float[] vector) => Kernels.Normalize(vector) ? vector : throw new System.Diagnostics.UnreachableException("The model gave a vector without length or with a number that is not finite.");
}

/// <summary>The first numbers of a vector (Matryoshka, arXiv 2205.13147); unit length has to follow.</summary>
internal sealed class FirstNumbers(int count, string file) : IVectorStep
{
    public string Id => $"first:{count}";

    public int Outputs(int inputs) => count <= inputs ? count : throw new ModelFormatException(file, $"asks for {count} dimensions of vectors that have {inputs}. Ask for 1 to {inputs}.");

    public float[] Apply(float[] vector) => vector[..count];
}

namespace Retrieval.Onnx;

/// <summary>How a model is brought to int8; all of it is in the pass's name, and so in the key of a compiled file.</summary>
public sealed record Int8Options
{
    /// <summary>
    /// Bits of a weight, 7 or 8. Processors without VNNI add pairs of u8*s8 products in 16 bits with saturation: two of 255*127 do not fit, two of
    /// 255*63 do. With 7 bits the integer part is exact on every processor; 8 bits are closer to fp32, on processors that do not saturate.
    /// </summary>
    public int WeightBits { get; init; } = 7;

    /// <summary>What the activations reach on a calibration text; null leaves the smoothing out.</summary>
    public ActivationRanges? Maxima { get; init; }

    /// <summary>How much of the activations' range is moved into the weights, 0 to 1 (SmoothQuant, arXiv 2211.10438, eq. 4).</summary>
    public double Alpha { get; init; } = 0.5;

    /// <summary>Largest code of a weight.</summary>
    internal int Limit => (1 << (WeightBits - 1)) - 1;
}

using Retrieval.Onnx;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>From an fp32 model and a calibration text to the int8 model.</summary>
internal static class Int8Compilation
{
    /// <summary>Calibrates on the texts, where there are some, and quantises.</summary>
    /// <param name="model">fp32, with every other pass applied.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="texts">About a hundred of the kind that is to be encoded; none leaves the smoothing out.</param>
    /// <param name="maxTokens">Where texts are cut.</param>
    /// <param name="weightBits">7 runs everywhere; <see cref="ProductBits.OfThisProcessor"/> is best here.</param>
    /// <param name="cancellationToken">Between texts.</param>
    /// <exception cref="PassRefusedException">The model does not take int8.</exception>
    public static OnnxModel Compile(OnnxModel model, Tokenizer tokenizer, IReadOnlyList<string> texts, int maxTokens, int weightBits, CancellationToken cancellationToken)
    {
        ActivationRanges? maxima = texts.Count == 0 ? null : CalibrationRun.Gather(model, texts.Select(t => tokenizer.Encode(t, true, maxTokens).Ids), cancellationToken);
        return new Int8(new Int8Options { WeightBits = weightBits, Maxima = maxima }).Apply(model);
    }
}

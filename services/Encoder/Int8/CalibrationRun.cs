using Retrieval.Onnx;
using Retrieval.OnnxRuntime;

namespace Retrieval.Encoder;

/// <summary>Runs the fp32 model over a calibration text and keeps what its activations reach.</summary>
internal static class CalibrationRun
{
    /// <summary>The maxima over all texts, each run alone: pads would count.</summary>
    /// <param name="model">fp32.</param>
    /// <param name="texts">Token ids, special ones included. About a hundred texts of the kind that is to be encoded are enough.</param>
    /// <param name="cancellationToken">Between texts.</param>
    /// <exception cref="PassRefusedException">The model does not take int8.</exception>
    public static ActivationRanges Gather(OnnxModel model, IEnumerable<int[]> texts, CancellationToken cancellationToken)
    {
        RequireTokens(model);
        Int8Calibration calibration = Int8Calibration.Of(model);
        string folder = Directory.CreateTempSubdirectory("retrieval-calibration-").FullName;
        try
        {
            string file = Path.Combine(folder, "model.onnx");
            calibration.Model.Write(file, "model.onnx_data");
            return Gather(calibration, file, texts, cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    /// <summary>A text is calibrated on whole, as it is encoded: nothing is known to feed to a cache of earlier tokens.</summary>
    private static void RequireTokens(OnnxModel model)
    {
        if (model.Inputs.FirstOrDefault(i => i.Name is not (ModelInputs.Ids or ModelInputs.Mask or ModelInputs.Positions or ModelInputs.Types or ModelInputs.Placeholder)) is { } other)
        {
            throw new PassRefusedException(model.Path, "int8", $"calibration on texts feeds their tokens alone, and the model wants input '{other.Name}' of shape ({string.Join(", ", other.Shape)}); export it without past keys, or leave 'texts' out, which quantises without calibration");
        }
    }

    private static ActivationRanges Gather(Int8Calibration calibration, string file, IEnumerable<int[]> texts, CancellationToken cancellationToken)
    {
        using EncoderSession session = EncoderSession.Open(file, 1, ExecutionProvider.Cpu);
        float[] maxima = new float[calibration.Width];
        foreach (int[] text in texts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            session.Run(Inputs(session, text), 1, text.Length, Int8Calibration.Output, (values, _) =>
            {
                System.Numerics.Tensors.TensorPrimitives.Max(maxima, values, maxima);
                return 0;
            });
        }
        return calibration.Read(maxima);
    }

    private static (string, long[])[] Inputs(EncoderSession session, int[] text) => [.. session.Inputs.Select(name => (name, name switch
    {
        ModelInputs.Ids => Array.ConvertAll(text, id => (long)id),
        ModelInputs.Mask => [.. Enumerable.Repeat(1L, text.Length)],
        ModelInputs.Positions => [.. Enumerable.Range(0, text.Length).Select(i => (long)i)],
        _ => new long[text.Length], // types are all 0; so is the placeholder's mask, since its state is one that another token has
    }))];
}

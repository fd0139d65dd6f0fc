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
        "input_ids" => Array.ConvertAll(text, id => (long)id),
        "attention_mask" => [.. Enumerable.Repeat(1L, text.Length)],
        "position_ids" => [.. Enumerable.Range(0, text.Length).Select(i => (long)i)],
        "token_type_ids" => new long[text.Length],
        _ => throw new ArgumentException($"Nothing is known to feed to input '{name}' of the model.", nameof(session)),
    }))];
}

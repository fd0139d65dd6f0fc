using Retrieval.Contracts;
using Retrieval.Vectors.Codecs;

namespace Retrieval.Gateway;

/// <summary>A codec as a caller writes it.</summary>
internal static class CodecChoice
{
    private const string None = "none";
    private const int TrialRows = 32;

    /// <summary>Null for <c>none</c> and for nothing. A codec that does not fit the dimensions is found out here, by a small training, and not in the background.</summary>
    /// <exception cref="RetrievalException">Invalid.</exception>
    public static string? Read(string? codec, int dimensions, CancellationToken cancellationToken)
    {
        if (codec is null or None)
        {
            return null;
        }
        try
        {
            Random random = new(1);
            float[] trial = new float[TrialRows * dimensions];
            for (int i = 0; i < trial.Length; i++)
            {
                trial[i] = random.NextSingle() - 0.5f;
            }
            for (int row = 0; row < TrialRows; row++)
            {
                Retrieval.Vectors.Kernels.Normalize(trial.AsSpan(row * dimensions, dimensions));
            }
            CodecSpec spec = CodecSpec.Parse(codec);
            spec.Train(new CodecTraining(trial, dimensions, 1), cancellationToken);
            return spec.ToString();
        }
        catch (ArgumentException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, e.Message, "codec", codec, string.Join(", ", [None, .. CodecSpec.Kinds]), inner: e);
        }
    }
}

namespace Retrieval.Vectors.Codecs;

/// <summary>Shared numbers of a codec that are kept as binary16: rounded before anything is coded with them, so that what is read back codes alike.</summary>
internal static class Halves
{
    /// <summary>The nearest numbers of binary16.</summary>
    public static float[] Round(float[] values) => [.. values.Select(v => (float)(Half)v)];
}

namespace Retrieval.Onnx;

/// <summary>Numbers to symmetric int8 codes: value = code * scale. Half goes to even, as ONNX rounds.</summary>
internal static class Int8Codes
{
    /// <summary>A matrix with a scale for each column.</summary>
    /// <param name="matrix">Row-major.</param>
    /// <param name="columns">Its width.</param>
    /// <param name="limit">Largest code.</param>
    public static (sbyte[] Codes, float[] Scales) Columns(float[] matrix, int columns, int limit)
    {
        float[] scales = new float[columns];
        for (int i = 0; i < matrix.Length; i++)
        {
            scales[i % columns] = Math.Max(scales[i % columns], Math.Abs(matrix[i]));
        }
        scales = [.. scales.Select(largest => Scale(largest, limit))];
        sbyte[] codes = new sbyte[matrix.Length];
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = (sbyte)MathF.Round(matrix[i] / scales[i % columns]);
        }
        return (codes, scales);
    }

    /// <summary>A matrix with a scale for each row.</summary>
    public static (sbyte[] Codes, float[] Scales) Rows(float[] matrix, int columns, int limit)
    {
        float[] scales = new float[matrix.Length / columns];
        sbyte[] codes = new sbyte[matrix.Length];
        for (int i = 0; i < matrix.Length; i++)
        {
            scales[i / columns] = Math.Max(scales[i / columns], Math.Abs(matrix[i]));
        }
        scales = [.. scales.Select(largest => Scale(largest, limit))];
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = (sbyte)MathF.Round(matrix[i] / scales[i / columns]);
        }
        return (codes, scales);
    }

    /// <summary>1 where all numbers are zero: codes are zero then, whatever the scale.</summary>
    private static float Scale(float largest, int limit) => largest / limit is var scale && scale > 0 ? scale : 1;
}

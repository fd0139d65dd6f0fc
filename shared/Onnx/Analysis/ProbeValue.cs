namespace Retrieval.Onnx;

/// <summary>What a probe knows of a tensor: its shape, and its numbers where they follow from the inputs without the network's arithmetic.</summary>
/// <param name="Type">TensorProto.DataType; 0 when unknown.</param>
/// <param name="Dims">Sizes; null when unknown.</param>
/// <param name="Data">Row-major numbers, as doubles whatever the type; null when unknown.</param>
internal sealed record ProbeValue(int Type, int[]? Dims, double[]? Data)
{
    public static readonly ProbeValue Unknown = new(0, null, null);

    public int Rank => Dims?.Length ?? -1;

    public bool IsInteger => DataType.IsInteger(Type);

    public double? Scalar => Data is [var one] ? one : null;

    public static int Count(int[] dims) => dims.Aggregate(1, (a, b) => checked(a * b));

    /// <summary>Sizes of the result of an element-wise operation; null when they do not go together.</summary>
    public static int[]? Broadcast(int[]? a, int[]? b)
    {
        if (a is null || b is null)
        {
            return null;
        }
        int[] result = new int[Math.Max(a.Length, b.Length)];
        for (int i = 1; i <= result.Length; i++)
        {
            int x = i <= a.Length ? a[^i] : 1, y = i <= b.Length ? b[^i] : 1;
            if (x != y && x != 1 && y != 1)
            {
                return null;
            }
            result[^i] = x == 1 ? y : x;
        }
        return result;
    }

    /// <summary>For each number of a shape, where it is in a tensor that is broadcast to that shape.</summary>
    public static int[] Places(int[] from, int[] to)
    {
        int[] places = new int[Count(to)], steps = new int[to.Length], index = new int[to.Length];
        for (int i = from.Length - 1, step = 1; i >= 0; step *= from[i], i--)
        {
            steps[i + to.Length - from.Length] = from[i] == 1 ? 0 : step;
        }
        for (int n = 0, place = 0; n < places.Length; n++)
        {
            places[n] = place;
            for (int axis = to.Length - 1; axis >= 0; axis--)
            {
                place += steps[axis];
                if (++index[axis] < to[axis])
                {
                    break;
                }
                place -= steps[axis] * to[axis];
                index[axis] = 0;
            }
        }
        return places;
    }
}

namespace Retrieval.Vectors.LinearAlgebra;

/// <summary>Normal numbers of mean zero and variance one from a seed (Marsaglia's polar method).</summary>
public sealed class Gaussian(int seed)
{
    private readonly Random _random = new(seed);
    private double? _spare;

    /// <summary>The next number.</summary>
    public double Next()
    {
        if (_spare is { } spare)
        {
            _spare = null;
            return spare;
        }
        (double x, double y, double square) = InCircle();
        double scale = Math.Sqrt(-2 * Math.Log(square) / square);
        _spare = y * scale;
        return x * scale;
    }

    private (double X, double Y, double Square) InCircle()
    {
        while (true)
        {
            double x = 2 * _random.NextDouble() - 1, y = 2 * _random.NextDouble() - 1, square = x * x + y * y;
            if (square is > 0 and < 1)
            {
                return (x, y, square);
            }
        }
    }
}

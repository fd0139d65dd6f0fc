namespace Retrieval.Storage;

/// <summary>Less than a distance away on the sphere.</summary>
/// <param name="Lon">Degrees.</param>
/// <param name="Lat">Degrees.</param>
/// <param name="Metres">The distance, exclusive.</param>
internal sealed record WithinRadius(double Lon, double Lat, double Metres) : ValueTest
{
    // Mean radius of the Earth (IUGG).
    private const double EarthRadius = 6_371_008.8;

    /// <inheritdoc/>
    public override bool Holds(in FieldValue value) => value.Kind == FieldKind.Point && Distance(value) < Metres;

    /// <summary>The haversine formula.</summary>
    private double Distance(in FieldValue point)
    {
        double lat = double.DegreesToRadians(Lat), other = double.DegreesToRadians(point.Y);
        double half = Math.Sin((other - lat) / 2), across = Math.Sin(double.DegreesToRadians(point.X - Lon) / 2);
        return 2 * EarthRadius * Math.Asin(Math.Min(1, Math.Sqrt(half * half + Math.Cos(lat) * Math.Cos(other) * across * across)));
    }
}

/// <summary>Inside a rectangle; one whose west is east of its east crosses the line of 180 degrees.</summary>
internal sealed record WithinBox(double West, double North, double East, double South) : ValueTest
{
    /// <inheritdoc/>
    public override bool Holds(in FieldValue value) => value.Kind == FieldKind.Point && value.Y > South && value.Y < North
        && (West <= East ? value.X > West && value.X < East : value.X > West || value.X < East);
}

/// <summary>Inside a ring and in none of its holes.</summary>
internal sealed record WithinPolygon(IReadOnlyList<(double X, double Y)> Exterior, IReadOnlyList<IReadOnlyList<(double X, double Y)>> Interiors) : ValueTest
{
    /// <inheritdoc/>
    public override bool Holds(in FieldValue value)
    {
        (double X, double Y) at = (value.X, value.Y);
        return value.Kind == FieldKind.Point && Inside(Exterior, at) && !Interiors.Any(hole => Inside(hole, at));
    }

    /// <summary>A ray to the east crosses the ring an odd number of times.</summary>
    private static bool Inside(IReadOnlyList<(double X, double Y)> ring, (double X, double Y) at)
    {
        bool inside = false;
        for (int i = 0; i + 1 < ring.Count; i++)
        {
            ((double X, double Y) a, (double X, double Y) b) = (ring[i], ring[i + 1]);
            if (a.Y > at.Y != b.Y > at.Y && at.X < a.X + (at.Y - a.Y) / (b.Y - a.Y) * (b.X - a.X))
            {
                inside = !inside;
            }
        }
        return inside;
    }
}

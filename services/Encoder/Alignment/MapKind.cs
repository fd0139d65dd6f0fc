namespace Retrieval.Encoder;

/// <summary>How a student's vectors are taken into the teacher's space.</summary>
public enum MapKind
{
    /// <summary>The better of ridge and Procrustes on held-out texts.</summary>
    Best,
    /// <summary>Least squares with a penalty; any dimensions.</summary>
    Ridge,
    /// <summary>A rotation; equal dimensions.</summary>
    Procrustes,
    /// <summary>As they are: a student that was trained for the teacher's space.</summary>
    None,
}

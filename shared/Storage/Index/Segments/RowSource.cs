using Microsoft.Extensions.Logging;

namespace Retrieval.Storage;

/// <summary>Where vectors come from when a file has lost them: the catalog's rows, which are the truth.</summary>
/// <param name="read">Vectors by row; rows that are gone are left out.</param>
/// <param name="logger">Names the file and the block.</param>
internal sealed class RowSource(Func<IReadOnlyList<long>, IReadOnlyDictionary<long, float[]>> read, ILogger logger)
{
    /// <summary>A block of codes was damaged and has been made again.</summary>
    public void Recoded(string path, SectionKind kind, int block, int rows) => Log.CodesDamaged(logger, block, kind, path, rows);

    /// <summary>A graph or lists were damaged and are left out.</summary>
    public void LeftOut(string path, SectionKind kind) => Log.StructureDamaged(logger, kind, path);

    /// <summary>The vectors of a damaged block. A row that is gone from the catalog is about to be gone from here, too: its vector is zero.</summary>
    public float[] Read(string path, int block, IReadOnlyList<long> handles, int dimensions)
    {
        Log.BlockDamaged(logger, block, path, handles.Count);
        IReadOnlyDictionary<long, float[]> stored = read(handles);
        float[] vectors = new float[handles.Count * dimensions];
        for (int i = 0; i < handles.Count; i++)
        {
            if (stored.TryGetValue(handles[i], out float[]? vector))
            {
                vector.CopyTo(vectors, i * dimensions);
            }
        }
        return vectors;
    }
}

namespace Retrieval.Encoder;

/// <summary>What native code holds in memory. Managed memory is left out: it comes and goes with whatever else the process does.</summary>
internal static class ResidentMemory
{
    /// <summary>Bytes now; collects first, so that values of ended work are not counted. For starts and loads only.</summary>
    public static long Native()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, true, true);
        GC.WaitForPendingFinalizers();
        return Environment.WorkingSet - GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;
    }
}

namespace Retrieval.Tests.Data;

/// <summary>Where tests find their data: in the repository, or in the folder <c>shared</c> beside it (or where RETRIEVAL_TEST_SHARED points).</summary>
internal static class TestData
{
    /// <summary>The folder of Retrieval.sln.</summary>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    /// <summary>A path below the repository.</summary>
    public static string InRepository(params string[] path) => Path.Combine([Root, .. path]);

    /// <summary>The folder of the default encoder that the product ships.</summary>
    public static string DefaultModel => InRepository("infra", "models", "all-MiniLM-L6-v2");

    /// <summary>A path below <c>shared</c>; null when it is not there.</summary>
    public static string? FindShared(params string[] path)
    {
        string shared = Environment.GetEnvironmentVariable("RETRIEVAL_TEST_SHARED") ?? Path.Combine(Root, "..", "shared");
        string full = Path.GetFullPath(Path.Combine([shared, .. path]));
        return Path.Exists(full) ? full : null;
    }

    private static string FindRoot(string folder) => File.Exists(Path.Combine(folder, "Retrieval.sln")) ? folder
        : FindRoot(Path.GetDirectoryName(folder.TrimEnd(Path.DirectorySeparatorChar)) ?? throw new InvalidOperationException($"No Retrieval.sln above {AppContext.BaseDirectory}."));
}

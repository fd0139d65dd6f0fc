using Retrieval.Tests.Data;

namespace Retrieval.Quality.Data;

/// <summary>Data beside the repository, which not every checkout has.</summary>
internal static class Shared
{
    /// <summary>Everything runs, also what takes minutes.</summary>
    public static bool IsFullRun => Environment.GetEnvironmentVariable("RETRIEVAL_FULL") == "1";

    /// <summary>A path, or the test is skipped and names it.</summary>
    public static string Require(params string[] path)
    {
        string? found = TestData.FindShared(path);
        Assert.SkipWhen(found is null, $"Data: shared/{string.Join('/', path)} is not there. It is looked for beside the repository, or where RETRIEVAL_TEST_SHARED points.");
        return found!;
    }

    /// <summary>Skips what only a full run does.</summary>
    public static void RequireFullRun(string why) => Assert.SkipUnless(IsFullRun, $"Optional: {why} RETRIEVAL_FULL=1 runs it.");
}

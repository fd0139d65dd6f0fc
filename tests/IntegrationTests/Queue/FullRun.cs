namespace Retrieval.IntegrationTests.Queue;

/// <summary>What takes minutes runs only on request.</summary>
internal static class FullRun
{
    /// <summary>Everything runs.</summary>
    public static bool IsWanted => Environment.GetEnvironmentVariable("RETRIEVAL_FULL") == "1";

    /// <summary>Skips the test in a short run.</summary>
    public static void Require(string why) => Assert.SkipUnless(IsWanted, $"Optional: {why} RETRIEVAL_FULL=1 runs it.");
}

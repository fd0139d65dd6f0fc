using Xunit;

namespace Retrieval.Tests.Data;

/// <summary>Data beside the repository, which not every checkout has.</summary>
internal static class Shared
{
    /// <summary>A path, or the test is skipped and names it.</summary>
    public static string Require(params string[] path)
    {
        string? found = TestData.FindShared(path);
        Assert.SkipWhen(found is null, $"Data: shared/{string.Join('/', path)} is not there. It is looked for beside the repository, or where RETRIEVAL_TEST_SHARED points.");
        return found!;
    }
}

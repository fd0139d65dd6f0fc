using System.Text.RegularExpressions;

namespace Retrieval.IntegrationTests.Server;

/// <summary>An answer without the times that it took.</summary>
internal static partial class Timeless
{
    public static string Of(string json) => Times().Replace(json, "");

    [GeneratedRegex("""\s*"(?:tookMs|ms)":\s*[0-9.eE+-]+,?""")]
    private static partial Regex Times();
}

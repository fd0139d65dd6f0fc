namespace Retrieval.Host.Cli;

/// <summary>Settings on the command line: <c>--Section:Key value</c> or <c>--Section:Key=value</c>.</summary>
internal static class SettingFlags
{
    public static bool IsFlag(string token) => token.StartsWith("--", StringComparison.Ordinal) && (Key(token).Contains(':') || Key(token).Equals("Roles", StringComparison.OrdinalIgnoreCase));

    /// <summary>The next word is this flag's value.</summary>
    public static bool TakesValue(string token) => IsFlag(token) && !token.Contains('=');

    public static IEnumerable<KeyValuePair<string, string?>> Read(IReadOnlyList<string> tokens)
    {
        for (int i = 0; i < tokens.Count; i++)
        {
            if (IsFlag(tokens[i]))
            {
                yield return new KeyValuePair<string, string?>(Key(tokens[i]), TakesValue(tokens[i]) ? tokens.ElementAtOrDefault(++i) : tokens[i].Split('=', 2)[1]);
            }
        }
    }

    private static string Key(string token) => token[2..].Split('=', 2)[0];
}

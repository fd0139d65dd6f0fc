using Retrieval.Contracts;

namespace Retrieval.Host.Cli;

/// <summary>Settings on the command line: <c>--Section:Key value</c> or <c>--Section:Key=value</c>, anywhere in it.</summary>
internal static class SettingFlags
{
    /// <summary>Takes the settings out, so that no value of theirs is mistaken for a command's argument.</summary>
    /// <exception cref="RetrievalException">Invalid, for a setting without a value.</exception>
    public static (IReadOnlyList<KeyValuePair<string, string?>> Settings, string[] Others) Split(string[] args)
    {
        List<KeyValuePair<string, string?>> settings = [];
        List<string> others = [];
        for (int i = 0; i < args.Length; i++)
        {
            if (!IsSetting(args[i]))
            {
                others.Add(args[i]);
                continue;
            }
            string[] parts = args[i][2..].Split('=', 2);
            string? value = parts.Length > 1 ? parts[1] : i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal) ? args[++i] : null;
            settings.Add(new(parts[0], value ?? throw new RetrievalException(ErrorKind.Invalid, $"{args[i]} has no value.", args[i], help: $"Write {args[i]} <value>.")));
        }
        return (settings, [.. others]);
    }

    private static bool IsSetting(string word) => word.StartsWith("--", StringComparison.Ordinal) && word.Split('=', 2)[0] is { } key && (key.Contains(':') || key.Equals("--Roles", StringComparison.OrdinalIgnoreCase));
}

using System.CommandLine;

namespace Retrieval.Host.Cli;

/// <summary>Options of every command.</summary>
internal sealed class CommonOptions
{
    public Option<string?> Data { get; } = new("--data") { Description = "Data folder (Storage:Folder); default: 'retrieval' in the user's local application data", HelpName = "folder", Recursive = true };

    public Option<string?> Urls { get; } = new("--urls") { Description = $"Address to listen on, or of the server to talk to; default {Settings.DefaultUrls}", HelpName = "url", Recursive = true };

    public Option<bool> Json { get; } = new("--json") { Description = "Answer as JSON; errors too", Recursive = true };

    public IEnumerable<Option> All => [Data, Urls, Json];

    public bool IsJson(ParseResult parsed) => parsed.GetValue(Json);

    /// <summary>Settings from files, environment and this command line.</summary>
    public Settings Load(ParseResult parsed, params IEnumerable<KeyValuePair<string, string?>> more) => Settings.Load(
        [.. Flag("Storage:Folder", parsed.GetValue(Data)), .. Flag("Urls", parsed.GetValue(Urls)), .. SettingFlags.Read(parsed.UnmatchedTokens), .. more]);

    private static IEnumerable<KeyValuePair<string, string?>> Flag(string key, string? value) => value is null ? [] : [new(key, value)];
}

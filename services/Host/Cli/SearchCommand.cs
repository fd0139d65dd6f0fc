using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Retrieval.Contracts;
using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary><c>retrieval search</c>.</summary>
internal static class SearchCommand
{
    public static Command Create(CommonOptions common)
    {
        Argument<string> query = new("query") { Description = "The question" };
        Option<string?> collection = new("--collection") { Description = "Collection to search; default: the only one, or 'docs'", HelpName = "name" };
        Option<int> top = new("--top") { Description = "Passages wanted", DefaultValueFactory = _ => 5 };
        Option<SearchMode> mode = new("--mode") { Description = "Channels: both fused, by meaning, or by words", HelpName = "hybrid|dense|lexical", DefaultValueFactory = _ => SearchMode.Hybrid };
        Option<int?> context = new("--context") { Description = "Also print a cited context within this many tokens", HelpName = "tokens" };
        Option<string[]> filter = new("--filter") { Description = "Only documents whose metadata field equals a value; may be repeated", HelpName = "key=value" };
        Option<string?> tier = new("--tier") { Description = "Tier of the encoder for the question; default: by its load", HelpName = "name" };
        Command command = new("search", "Ask the running server, or the data folder when none runs.") { query, collection, top, mode, context, filter, tier };
        HelpExamples.Add(command, """retrieval search "Who discovered oxygen?" --context 100""", """retrieval search "turbine" --mode lexical --filter language=en --json""");
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            SearchRequest request = new()
            {
                Query = parsed.GetValue(query),
                Top = parsed.GetValue(top),
                Mode = parsed.GetValue(mode),
                Context = parsed.GetValue(context) is { } tokens ? new ContextRequest { MaxTokens = tokens } : null,
                Filter = Filter(parsed.GetValue(filter) ?? []),
                Tier = parsed.GetValue(tier),
            };
            await using Connection connection = await Connection.OpenAsync(common.Load(parsed), cancellationToken);
            string name = parsed.GetValue(collection) ?? await DefaultAsync(connection.Client, cancellationToken);
            SearchResponse answer = await connection.Client.SearchAsync(name, request, cancellationToken);
            if (common.IsJson(parsed))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(answer, WireJson.Strict.SearchResponse));
            }
            else
            {
                Print(Terminal.Answers, answer);
            }
            return ExitCodes.Success;
        });
        return command;
    }

    /// <summary>Passages with their scores, then the context with what its numbers mean.</summary>
    public static void Print(IAnsiConsole console, SearchResponse answer)
    {
        if (answer.Hits.Count == 0)
        {
            console.WriteLine("Nothing found.");
        }
        Table table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("score").RightAligned().NoWrap()).AddColumn(new TableColumn("document")).AddColumn("passage");
        foreach (Hit hit in answer.Hits)
        {
            table.AddRow(new Text(hit.Score.ToString("F4", CultureInfo.InvariantCulture)), new Text(hit.Document), new Text(Shorten(hit.Text, 160)));
        }
        if (answer.Hits.Count > 0)
        {
            console.Write(table);
        }
        if (answer.Context is { } context)
        {
            console.MarkupLineInterpolated($"[bold]Context[/] [grey]({context.Tokens} tokens)[/]");
            console.WriteLine(context.Text.Length > 0 ? context.Text : "No whole sentence fits the budget.");
            console.MarkupLineInterpolated($"[grey]{string.Join("  ", context.Citations.Select(c => $"[{c.N}] {c.Document} {c.Start}-{c.End}"))}[/]");
        }
    }

    /// <summary>The collection that is meant when none is named.</summary>
    private static async Task<string> DefaultAsync(RetrievalClient client, CancellationToken cancellationToken)
    {
        IReadOnlyList<CollectionInfo> all = await client.CollectionsAsync(cancellationToken);
        return all.Count == 1 ? all[0].Name : IndexCommand.DefaultCollection;
    }

    private static Filter? Filter(string[] conditions) => conditions.Length == 0 ? null : new Filter
    {
        Must = [.. conditions.Select(c => c.Split('=', 2) is [{ Length: > 0 } key, var value]
            ? new Condition { Key = key, Match = new Match { Value = Value(value) } }
            : throw new RetrievalException(ErrorKind.Invalid, $"'{c}' is not a filter.", "--filter", c, "key=value", "Write --filter key=value."))],
    };

    /// <summary>Integers and Booleans as themselves, everything else as a string.</summary>
    private static JsonElement Value(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? JsonSerializer.SerializeToElement(number)
        : bool.TryParse(text, out bool flag) ? JsonSerializer.SerializeToElement(flag)
        : JsonSerializer.SerializeToElement(text);

    private static string Shorten(string text, int length)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= length ? line : line[..(char.IsHighSurrogate(line[length - 2]) ? length - 2 : length - 1)] + "…";
    }
}

using System.Globalization;
using Retrieval.Contracts;
using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary>What the terminal shows when the server is up: with --sample the corpus and three answers, always the address.</summary>
internal static class Welcome
{
    private const string Collection = "sample";
    private const int ContextTokens = 200, Shown = 3;

    public static async Task GreetAsync(string url, Settings settings, bool sample, CancellationToken cancellationToken)
    {
        IAnsiConsole console = Terminal.Answers;
        string address = url.Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal).TrimEnd('/');
        if (sample)
        {
            using RetrievalClient client = new(new HttpClient { BaseAddress = new Uri(address), Timeout = Timeout.InfiniteTimeSpan });
            await LoadAsync(client, console, cancellationToken);
            foreach (string question in await File.ReadAllLinesAsync(SampleFile("questions.txt"), cancellationToken))
            {
                Show(console, question, await client.SearchAsync(Collection, new SearchRequest { Query = question, Top = Shown, Context = new ContextRequest { MaxTokens = ContextTokens } }, cancellationToken));
            }
        }
        console.WriteLine();
        console.MarkupLineInterpolated($"Retrieval is up at [bold]{address}[/]  (data in {settings.Storage.Folder}, Ctrl-C stops)");
        if (sample)
        {
            console.WriteLine("Try:");
            // Not through the console's layout, which would break the lines: they are there to be copied.
            Console.Out.WriteLine($"""
                curl -s {address}/v1/collections/{Collection}/search -H 'content-type: application/json' -d '{"{"}"query":"Who discovered oxygen?","top":3,"context":{"{"}"maxTokens":100{"}}"}'
                curl -s -X PUT '{address}/v1/collections/{Collection}/documents/hello?wait=true' -H 'content-type: text/plain' -d 'Retrieval keeps every document on the machine that it runs on.'
                """);
        }
    }

    private static async Task LoadAsync(RetrievalClient client, IAnsiConsole console, CancellationToken cancellationToken)
    {
        string[] lines = await File.ReadAllLinesAsync(SampleFile("documents.ndjson"), cancellationToken);
        CollectionInfo collection = await client.PutCollectionAsync(Collection, cancellationToken);
        if (collection.Documents >= lines.Length)
        {
            console.WriteLine($"The sample corpus is indexed already: {collection.Documents} documents, {collection.Chunks} chunks.");
            return;
        }
        await Progress.RunAsync(console, "Indexing the sample corpus", "documents", lines.Length, async step =>
        {
            await foreach (BulkVerdict verdict in client.BulkAsync(Collection, lines, cancellationToken))
            {
                if (verdict.Error is not null)
                {
                    throw new RetrievalException(ErrorKind.Internal, $"Sample document '{verdict.Id}': {verdict.Error}");
                }
                step();
            }
        });
    }

    private static void Show(IAnsiConsole console, string question, SearchResponse answer)
    {
        console.WriteLine();
        console.MarkupLineInterpolated($"[bold]{question}[/]  [grey]{answer.TookMs.ToString("F0", CultureInfo.InvariantCulture)} ms[/]");
        SearchCommand.Print(console, answer);
    }

    private static string SampleFile(string name) => Path.Combine(AppContext.BaseDirectory, "sample", name);
}

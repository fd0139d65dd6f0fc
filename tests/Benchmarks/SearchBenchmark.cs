using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Gateway;
using Retrieval.Host;
using Retrieval.Host.Cli;
using Retrieval.Storage;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>What a search costs beyond its parts. One server with two collections: seeded chunks, and xquad as the product indexes it.</summary>
internal static class SearchBenchmark
{
    private const int WarmUp = 40, Seed = 5;

    public static async Task<int> RunAsync(int chunks, int queries, CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("retrieval-benchmark-").FullName;
        try
        {
            using EncoderModel model = ServedModel.Open(new ModelOptions { Path = TestData.DefaultModel }, new EncoderOptions { Provider = "cpu" }, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance).Documents;
            SeededCorpus corpus = new(chunks, model.Description.Space.Dimensions);
            await corpus.WriteAsync(folder, model.Name, model.Description.Space, cancellationToken);
            await MeasureAsync(folder, corpus, model, chunks, queries, cancellationToken);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static async Task MeasureAsync(string folder, SeededCorpus corpus, EncoderModel model, int chunks, int queries, CancellationToken cancellationToken)
    {
        Settings settings = Settings.Load([new("Storage:Folder", folder), new("Urls", "http://127.0.0.1:0"), new("Encoder:Provider", "cpu"), new("Encoder:CacheBytes", "0"), new("Encoder:Models:0:Path", TestData.DefaultModel)]);
        await using WebApplication app = await RetrievalHost.CreateAsync(settings, cancellationToken);
        await RetrievalHost.StartAsync(app, settings, cancellationToken);
        await app.Services.GetRequiredService<Readiness>().WaitAsync(cancellationToken);
        using RetrievalClient client = new(new HttpClient { BaseAddress = new Uri(app.Urls.First()), Timeout = Timeout.InfiniteTimeSpan });
        float[] xquad = await IndexXquadAsync(client, model, cancellationToken);

        string[] questions = [.. SeededCorpus.XquadTexts("queries.jsonl")];
        new Random(Seed).Shuffle(questions);
        questions = questions[..Math.Min(queries + WarmUp, questions.Length)];
        Report.Head("Search against its parts alone", $"search --chunks {chunks} --queries {queries}");
        Report.Columns("collection", "mode", "parts alone, p50 ms", "pipeline, p50 ms", "over HTTP, p50 ms", "pipeline / parts", "HTTP / parts");
        await CompareAsync(app, client, folder, $"{chunks:n0} seeded chunks", SeededCorpus.Collection, new Parts(model, corpus.Vectors), questions, cancellationToken);
        await CompareAsync(app, client, folder, "xquad", "xquad", new Parts(model, xquad), questions, cancellationToken);
        await app.StopAsync(CancellationToken.None);
    }

    private static async Task CompareAsync(WebApplication app, RetrievalClient client, string folder, string title, string collection, Parts parts, string[] questions, CancellationToken cancellationToken)
    {
        CollectionRow row = await app.Services.GetRequiredService<Catalog>().GetCollectionAsync(collection, cancellationToken);
        QueryPipeline pipeline = app.Services.GetRequiredService<QueryPipeline>();
        using Session words = Session.Open(Path.Combine(folder, "catalog.db"), writes: false);
        foreach (SearchMode mode in new[] { SearchMode.Dense, SearchMode.Hybrid })
        {
            SearchRequest Request(string question) => new() { Query = question, Mode = mode };
            Contender alone = new("parts", question =>
            {
                parts.EncodeAndScan(question);
                _ = mode == SearchMode.Hybrid ? Parts.Words(words, row.Id, question) : 0;
                return Task.CompletedTask;
            });
            Contender inside = new("pipeline", question => pipeline.SearchAsync(collection, Request(question), cancellationToken));
            Contender over = new("http", question => client.SearchAsync(collection, Request(question), cancellationToken));
            await Timing.InterleaveAsync(questions, WarmUp, alone, inside, over);
            Report.Row(title, mode, alone.Median, inside.Median, over.Median, Timing.Ratio(inside, alone), Timing.Ratio(over, alone));
        }
    }

    private static async Task<float[]> IndexXquadAsync(RetrievalClient client, EncoderModel model, CancellationToken cancellationToken)
    {
        await client.PutCollectionAsync("xquad", cancellationToken);
        string[] texts = [.. SeededCorpus.XquadTexts("corpus.jsonl")];
        IEnumerable<string> lines = texts.Select((t, i) => System.Text.Json.JsonSerializer.Serialize(new { id = $"{i}", text = t }));
        await foreach (BulkVerdict verdict in client.BulkAsync("xquad", lines, cancellationToken))
        {
            _ = verdict.Status == DocumentStatus.Indexed ? true : throw new InvalidOperationException(verdict.Error);
        }
        return [.. texts.SelectMany(t => Parts.Encode(model, t))];
    }
}

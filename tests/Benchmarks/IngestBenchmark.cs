using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Contracts;
using Retrieval.Host;
using Retrieval.Host.Cli;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>
/// A bulk load over HTTP, from the first byte to the last document that can be found, against the same encoder alone on the same texts; and what the load does to a query beside it.
/// Runs take turns, so that each ratio is of neighbours.
/// </summary>
internal static class IngestBenchmark
{
    private const int Seed = 17, TextsARequest = 32, FewestWords = 30, MostWords = 110, QueryPause = 40;
    private static readonly string[] Sources = ["cranfield", "perlfaq", "xquad"];

    public static async Task<int> RunAsync(int paragraphs, int rounds, int queries, CancellationToken cancellationToken)
    {
        string[] texts = Paragraphs(paragraphs);
        await using BrokerNode? broker = BrokerNode.Missing is null ? await BrokerNode.StartAsync(cancellationToken) : null;
        Report.Head("Ingest against the encoder alone", $"ingest --paragraphs {paragraphs} --rounds {rounds} --queries {queries}");
        Report.Note($"{texts.Length} paragraphs of {FewestWords} to {MostWords} words from cranfield, perlfaq and xquad, in one bulk load with wait=true; the encoder alone gets them as ingestion sends them. Medians of {rounds} rounds.");
        Report.Columns("queue", "encoder alone, texts/s", "end to end, texts/s", "end to end / alone", "least", "most");
        await ThroughputAsync("memory", null, texts, rounds, cancellationToken);
        if (broker is not null)
        {
            await ThroughputAsync("rabbitmq", broker.Url, texts, rounds, cancellationToken);
        }
        await LatencyAsync(texts, queries, cancellationToken);
        return 0;
    }

    private static async Task ThroughputAsync(string transport, string? url, string[] texts, int rounds, CancellationToken cancellationToken)
    {
        await using Served served = await Served.StartAsync(url is null ? [] : [new("Queue:Transport", transport), new("Queue:Url", url)], cancellationToken);
        List<(double Alone, double Ingested)> times = [];
        await served.AloneAsync(texts[..Math.Min(200, texts.Length)], cancellationToken); // warm
        await served.LoadAsync("warm", texts[..Math.Min(200, texts.Length)], cancellationToken);
        for (int round = 0; round < rounds; round++)
        {
            double before = await served.AloneAsync(texts, cancellationToken), ingested = await served.LoadAsync($"round{round}", texts, cancellationToken), after = await served.AloneAsync(texts, cancellationToken);
            times.Add(((before + after) / 2, ingested)); // the encoder before and after: a machine that gets busier counts on both sides
        }
        double[] ratios = [.. times.Select(t => t.Alone / t.Ingested)];
        Report.Row(transport, texts.Length / Timing.Median([.. times.Select(t => t.Alone)]), texts.Length / Timing.Median([.. times.Select(t => t.Ingested)]), Timing.Median(ratios), ratios.Min(), ratios.Max());
    }

    private static async Task LatencyAsync(string[] texts, int queries, CancellationToken cancellationToken)
    {
        await using Served served = await Served.StartAsync([], cancellationToken);
        await served.LoadAsync("searched", texts, cancellationToken);
        Report.Head("A query beside a bulk load", $"ingest --paragraphs {texts.Length} --queries {queries}");
        Report.Note($"Hybrid searches in {texts.Length} chunks over HTTP, one every {QueryPause} ms, without and with a bulk load into another collection that does not end before.");
        Report.Columns("beside", "p50 ms", "p99 ms", "queries");
        await served.SearchesAsync(Math.Min(50, queries), () => true, cancellationToken);
        List<double> quiet = await served.SearchesAsync(queries, () => true, cancellationToken);
        using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<double> load = served.LoadAsync("beside", [.. Enumerable.Range(0, 20).SelectMany(i => texts.Select(t => $"{t} {i}"))], ends.Token);
        List<double> busy = await served.SearchesAsync(queries, () => !load.IsCompleted, cancellationToken);
        Report.Row("nothing", Timing.Median(quiet), Quantile(quiet, 0.99), quiet.Count);
        Report.Row("bulk load", Timing.Median(busy), Quantile(busy, 0.99), busy.Count);
        if (load.IsCompleted)
        {
            Report.Note("\nThe load ended before the queries did.");
        }
        await ends.CancelAsync();
        await ((Task)load).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static double Quantile(List<double> values, double share) => values.Order().ElementAt(Math.Min(values.Count - 1, (int)(values.Count * share)));

    private static string[] Paragraphs(int count)
    {
        Random random = new(Seed);
        List<string> paragraphs = [];
        foreach (string text in Sources.SelectMany(Corpus))
        {
            string[] words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            for (int at = 0; words.Length - at >= FewestWords;)
            {
                int length = Math.Min(random.Next(FewestWords, MostWords), words.Length - at);
                paragraphs.Add(string.Join(' ', words.AsSpan(at, length)!));
                at += length;
            }
        }
        string[] all = [.. paragraphs];
        random.Shuffle(all);
        return [.. Enumerable.Range(0, count).Select(i => i < all.Length ? all[i] : $"{all[i % all.Length]} {i / all.Length}")];
    }

    private static IEnumerable<string> Corpus(string name) => File.ReadLines(Path.Combine(TestData.FindShared("eval", name) ?? throw new InvalidOperationException($"shared/eval/{name} is not there."), "corpus.jsonl"))
        .Select(l => JsonDocument.Parse(l).RootElement.GetProperty("text").GetString()!);

    /// <summary>A server in this process with a folder of its own.</summary>
    private sealed class Served(WebApplication app, RetrievalClient client, string folder) : IAsyncDisposable
    {
        private readonly IEncoder _encoder = app.Services.GetRequiredService<IEncoder>();

        public static async Task<Served> StartAsync(KeyValuePair<string, string?>[] more, CancellationToken cancellationToken)
        {
            string folder = Directory.CreateTempSubdirectory("retrieval-benchmark-").FullName;
            Settings settings = Settings.Load([new("Storage:Folder", folder), new("Urls", "http://127.0.0.1:0"), new("Encoder:Provider", "cpu"), new("Encoder:CacheBytes", "0"), new("Encoder:Models:0:Path", TestData.DefaultModel), .. more]);
            WebApplication app = await RetrievalHost.CreateAsync(settings, cancellationToken);
            await RetrievalHost.StartAsync(app, settings, cancellationToken);
            await app.Services.GetRequiredService<Readiness>().WaitAsync(cancellationToken);
            return new Served(app, new RetrievalClient(new HttpClient { BaseAddress = new Uri(app.Urls.First()), Timeout = Timeout.InfiniteTimeSpan }), folder);
        }

        /// <summary>Seconds of the encoder for all texts, as many requests at once as ingestion has jobs.</summary>
        public async Task<double> AloneAsync(string[] texts, CancellationToken cancellationToken)
        {
            long began = Stopwatch.GetTimestamp();
            await Parallel.ForEachAsync(texts.Chunk(TextsARequest), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
                async (part, cancel) => await _encoder.EmbedAsync(new EmbedRequest(part, InputKind.Document), cancel));
            return Stopwatch.GetElapsedTime(began).TotalSeconds;
        }

        /// <summary>Seconds until all can be found.</summary>
        public async Task<double> LoadAsync(string collection, string[] texts, CancellationToken cancellationToken)
        {
            await client.PutCollectionAsync(collection, cancellationToken);
            string[] lines = [.. texts.Select((t, i) => JsonSerializer.Serialize(new { id = $"{i}", text = t }))];
            long began = Stopwatch.GetTimestamp();
            await foreach (BulkVerdict verdict in client.BulkAsync(collection, lines, cancellationToken))
            {
                _ = verdict.Status == DocumentStatus.Indexed ? true : throw new InvalidOperationException($"{verdict.Id}: {verdict.Status} {verdict.Error}");
            }
            return Stopwatch.GetElapsedTime(began).TotalSeconds;
        }

        /// <summary>Milliseconds of each search, as long as it makes sense.</summary>
        public async Task<List<double>> SearchesAsync(int count, Func<bool> goesOn, CancellationToken cancellationToken)
        {
            string[] questions = [.. SeededCorpus.XquadTexts("queries.jsonl")];
            List<double> times = [];
            for (int i = 0; i < count && goesOn(); i++)
            {
                long began = Stopwatch.GetTimestamp();
                await client.SearchAsync("searched", new SearchRequest { Query = questions[i % questions.Length] }, cancellationToken);
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                await Task.Delay(QueryPause, cancellationToken);
            }
            return times;
        }

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            await app.StopAsync(CancellationToken.None);
            await app.DisposeAsync();
            Directory.Delete(folder, true);
        }
    }
}

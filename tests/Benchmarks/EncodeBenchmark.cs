using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>
/// Tokens a second of the encoder on texts of mixed lengths, by tokens a batch and batches at once, against the limit: the sum of the tokens over the
/// sum of each text's time in the best batch of its own length, on a session with as many runs at once.
/// </summary>
internal static class EncodeBenchmark
{
    // As ingestion sends them: slices of a document, several documents at work.
    private const int TextsARequest = 32, Rounds = 3, Seed = 11;
    private static readonly int[] BatchTokens = [128, 256, 512, 1024, 2048, 4096, 8192];
    private static readonly int[] Threads = [1, 2];

    public static async Task<int> RunAsync(double share, CancellationToken cancellationToken)
    {
        string[] texts = Texts(share);
        using EncoderModel model = ServedModel.Open(new ModelOptions { Path = TestData.DefaultModel }, new EncoderOptions { Provider = "cpu" }, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance).Documents;
        int[] lengths = [.. texts.Select(t => model.Tokenizer.Encode(t, true, model.Description.Space.MaxTokens).Ids.Length)];
        Report.Head("Encode mixed lengths", $"encode --share {share}");
        Report.Note($"{texts.Length} texts of {lengths.Min()} to {lengths.Max()} tokens, {lengths.Sum():n0} together: questions and paragraphs of xquad. Medians of {Rounds} rounds; the limit is measured before each run.");
        Report.Columns("runs at once", "tokens a batch", "limit, tokens/s", "encoder, tokens/s", "share of the limit");
        foreach (int threads in Threads)
        {
            await SweepAsync(model, texts, lengths, threads, cancellationToken);
        }
        SingleQuestion(model, texts);
        return 0;
    }

    /// <summary>The limit is measured anew before every run, and rounds go over all settings in turn: what a busy minute does to one it does to the other.</summary>
    private static async Task SweepAsync(EncoderModel model, string[] texts, int[] lengths, int threads, CancellationToken cancellationToken)
    {
        Dictionary<int, List<(double Limit, double Rate)>> runs = BatchTokens.ToDictionary(b => b, _ => new List<(double, double)>());
        for (int round = 0; round < Rounds; round++)
        {
            foreach (int batchTokens in BatchTokens)
            {
                double limit = new LengthTimes(model, threads).Limit(lengths);
                runs[batchTokens].Add((limit, lengths.Sum() / await TimeAsync(texts, threads, batchTokens, cancellationToken)));
            }
        }
        foreach (int batchTokens in BatchTokens)
        {
            List<(double Limit, double Rate)> all = runs[batchTokens];
            Report.Row(threads, batchTokens, Timing.Median([.. all.Select(r => r.Limit)]), Timing.Median([.. all.Select(r => r.Rate)]), Timing.Median([.. all.Select(r => r.Rate / r.Limit)]));
        }
    }

    private static async Task<double> TimeAsync(string[] texts, int threads, int batchTokens, CancellationToken cancellationToken)
    {
        EncoderOptions options = new() { Models = [new ModelOptions { Path = TestData.DefaultModel }], Provider = "cpu", Threads = threads, BatchTokens = batchTokens, CacheBytes = 0 };
        using LocalEncoder encoder = LocalEncoder.Load(options, NullLogger.Instance);
        await encoder.EmbedAsync(new EmbedRequest(texts[..TextsARequest], InputKind.Document), cancellationToken);
        long began = Stopwatch.GetTimestamp();
        await Task.WhenAll(texts.Chunk(TextsARequest).Select(part => encoder.EmbedAsync(new EmbedRequest(part, InputKind.Document), cancellationToken)));
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static void SingleQuestion(EncoderModel model, string[] texts)
    {
        List<double> times = [];
        foreach (string text in texts.Where(t => t.Length < 80).Take(100))
        {
            long began = Stopwatch.GetTimestamp();
            Parts.Encode(model, text);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        Report.Note($"\nOne question alone, tokenized and run: {Timing.Median(times):0.00} ms at the median.");
    }

    private static string[] Texts(double share)
    {
        string[] texts = [.. SeededCorpus.XquadTexts("corpus.jsonl"), .. SeededCorpus.XquadTexts("corpus.jsonl").Select((t, i) => t[..(t.Length * (i % 8 + 1) / 10)]), .. SeededCorpus.XquadTexts("queries.jsonl").Take(200)];
        new Random(Seed).Shuffle(texts);
        return texts[..(int)(texts.Length * share)];
    }
}

using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>
/// Tokens a second of the encoder on texts of mixed lengths against the limit: the sum of the tokens over the sum of each text's time in the best batch of
/// its own length, on the same session with as many runs at once, measured right before. And one question alone against tokenizing and running it by hand.
/// </summary>
internal static class EncodeBenchmark
{
    // As ingestion sends them: slices of a document, several documents at work.
    private const int TextsARequest = 32, Seed = 11, Questions = 300, WarmUp = 30;

    public static async Task<int> RunAsync(int count, int rounds, CancellationToken cancellationToken)
    {
        Report.Head("Encode mixed lengths", $"encode --texts {count} --rounds {rounds}");
        Report.Note($"{count} texts of log-normal lengths around 40 tokens, up to 512 or what the model reads, cut from xquad. Medians of {rounds} rounds; the limit is measured on the same session before each. "
            + "A question alone takes turns with tokenizing and running it by hand; the last column is the median of the ratios.");
        Report.Columns("model", "texts of tokens", "runs at once", "limit, tokens/s", "encoder, tokens/s", "share of the limit", "padding", "question, ms", "question / by hand");
        await ModelAsync("all-MiniLM-L6-v2, int8 (shipped)", TestData.DefaultModel, count, rounds, cancellationToken);
        if (TestData.FindShared("models", "all-MiniLM-L6-v2") is { } small)
        {
            await ModelAsync("all-MiniLM-L6-v2, fp32", small, count, rounds, cancellationToken);
        }
        if (Int8Folder.Original is { } bge)
        {
            using Int8Folder int8 = new(weightBits: 7);
            await ModelAsync("bge-small-en-v1.5, int8", int8.Path, count, rounds, cancellationToken);
            await ModelAsync("bge-small-en-v1.5, fp32", bge, count, rounds, cancellationToken);
        }
        return 0;
    }

    private static async Task ModelAsync(string name, string folder, int count, int rounds, CancellationToken cancellationToken)
    {
        using LocalEncoder encoder = Open(folder);
        using ModelLease lease = await encoder.Registry.LeaseAsync(null, cancellationToken);
        (EncoderModel model, int runs) = (lease.Served.Documents.Model, lease.Served.Documents.Shape.Runs);
        string[] texts = MixedTexts.Make(count, model.Tokenizer, model.Description.Space.MaxTokens, Seed);
        int[] lengths = [.. texts.Select(t => model.Tokenizer.Encode(t, true, model.Description.Space.MaxTokens).Ids.Length)];
        List<(double Limit, double Rate)> all = [];
        await EmbedAsync(encoder, texts[..Math.Min(200, texts.Length)], cancellationToken);
        for (int round = 0; round < rounds; round++)
        {
            double limit = new LengthTimes(model, runs).Limit(lengths);
            long began = Stopwatch.GetTimestamp();
            await EmbedAsync(encoder, texts, cancellationToken);
            all.Add((limit, lengths.Sum() / Stopwatch.GetElapsedTime(began).TotalSeconds));
        }
        (double question, double ratio) = await QuestionAsync(encoder, model, texts, lengths, cancellationToken);
        Report.Row(name, $"{lengths.Min()} to {lengths.Max()}, {lengths.Average().ToString("0", CultureInfo.InvariantCulture)} on average", runs, Timing.Median([.. all.Select(r => r.Limit)]), Timing.Median([.. all.Select(r => r.Rate)]),
            Timing.Median([.. all.Select(r => r.Rate / r.Limit)]), $"{100 * Padding(lengths, lease.Served.Documents.Limits):0.0} %", question, ratio);
    }

    /// <summary>The encoder as it is, but for its memory of vectors.</summary>
    public static LocalEncoder Open(string folder) => LocalEncoder.Load(new EncoderOptions { Models = [new ModelOptions { Path = folder }], Provider = "cpu", CacheBytes = 0, QueueTokens = 10_000_000 }, NullLogger.Instance);

    private static Task<EmbedResult[]> EmbedAsync(LocalEncoder encoder, string[] texts, CancellationToken cancellationToken) =>
        Task.WhenAll(texts.Chunk(TextsARequest).Select(part => encoder.EmbedAsync(new EmbedRequest(part, InputKind.Document), cancellationToken)));

    /// <summary>Share of the computed tokens that are padding when all texts wait at once.</summary>
    private static double Padding(int[] lengths, BatchLimits limits)
    {
        BatchQueue queue = new("padding", limits with { QueueTokens = int.MaxValue }, TimeProvider.System);
        queue.Add([.. lengths.Select(l => new TextWork(new Tokenization.Encoding(new int[l], new int[l], [], [], []), false, 0, CancellationToken.None))], false);
        queue.Close();
        long computed = 0;
        while (queue.Take() is { } batch)
        {
            computed += (long)batch.Count * batch.Max(t => t.Length);
        }
        return 1 - (double)lengths.Sum() / computed;
    }

    private static async Task<(double Milliseconds, double Ratio)> QuestionAsync(LocalEncoder encoder, EncoderModel model, string[] texts, int[] lengths, CancellationToken cancellationToken)
    {
        using BareRun bare = new(model);
        string[] questions = [.. texts.Where((_, i) => lengths[i] is >= 8 and <= 20).Take(Questions)];
        Contender own = new("encoder", q => encoder.EmbedAsync(new EmbedRequest([q], InputKind.Query), cancellationToken)), byHand = new("by hand", q => { bare.Encode(q); return Task.CompletedTask; });
        await Timing.InterleaveAsync([.. questions, .. questions], WarmUp, own, byHand);
        return (own.Median, Timing.Ratio(own, byHand));
    }
}

using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;

namespace Retrieval.Benchmarks;

/// <summary>A context of ten passages against encoding the same sentences once in one batch, and leave-one-out pruning against one run a left-out word.</summary>
internal static class CompressBenchmark
{
    private const int Passages = 10, PassageTokens = 200, Budget = 200, Pruned = 20;

    public static async Task<int> RunAsync(int rounds, CancellationToken cancellationToken)
    {
        using LocalEncoder encoder = LocalEncoder.Load(new EncoderOptions { Models = [new ModelOptions { Path = TestData.DefaultModel }], Provider = "cpu", CacheBytes = 0 }, NullLogger.Instance);
        Tokenizer tokenizer = Tokenizer.Load(TestData.DefaultModel);
        TokenizerCache tokenizers = new(encoder.ReadTokenizerAsync);
        CompressionOptions options = new();
        ContextCompressor compressor = new(encoder, new Relevance(encoder, tokenizers), new TargetTokenizers(options, encoder, tokenizers), options, NullLogger<ContextCompressor>.Instance);
        string[] passages = [.. SeededCorpus.XquadTexts("corpus.jsonl").Where(t => tokenizer.Count(t) >= PassageTokens).Select(t => t[..tokenizer.SplitAtBudget(t, PassageTokens)[0].End])];
        string[] questions = [.. SeededCorpus.XquadTexts("queries.jsonl")];

        Report.Head("Compressing ten passages", $"compress --rounds {rounds}");
        Report.Note($"{Passages} passages of {PassageTokens} tokens to {Budget}, other passages each round; {rounds} pairs in turns, medians.");
        List<double> ours = [], batch = [], ratio = [];
        for (int round = -2; round < rounds; round++)
        {
            string[] some = [.. Enumerable.Range(0, Passages).Select(i => passages[Math.Abs(round * Passages + i) % passages.Length])];
            string[] sentences = [.. some.SelectMany(p => SentenceSplitter.Split(p).Select(s => p[s.Start..s.End]))];
            double a = await TimeAsync(() => compressor.CompressAsync(new CompressRequest([.. some.Select(p => new CompressPassage(p))], Budget, questions[Math.Abs(round)]), cancellationToken));
            double b = await TimeAsync(() => encoder.EmbedAsync(new EmbedRequest(sentences), cancellationToken));
            if (round >= 0)
            {
                ours.Add(a);
                batch.Add(b);
                ratio.Add(a / b);
            }
        }
        Report.Columns("", "ms");
        Report.Row("sentence-level compression", Timing.Median(ours));
        Report.Row("encoding its sentences in one batch", Timing.Median(batch));
        Report.Row("ratio of pairs", Timing.Median(ratio));
        await PruneAsync(encoder, passages, Math.Min(rounds, Pruned), cancellationToken);
        return 0;
    }

    private static async Task PruneAsync(LocalEncoder encoder, string[] passages, int rounds, CancellationToken cancellationToken)
    {
        WordPruning pruning = new(encoder);
        ProtectedSpans protectedSpans = new(null);
        List<double> ours = [], single = [], ratio = [];
        for (int round = 0; round < rounds; round++)
        {
            string[] passage = [passages[round % passages.Length]];
            Pick[] picks = [.. Sentence.Split(passage).Take(4).Select(Pick.Whole)];
            string[] words = [.. picks.SelectMany(p => WordPruning.Texts(p, passage, protectedSpans))];
            double a = await TimeAsync(() => pruning.RankAsync(picks, passage, protectedSpans, null, cancellationToken));
            double b = await TimeAsync(async () =>
            {
                foreach (string text in words)
                {
                    await encoder.EmbedAsync(new EmbedRequest([text], InputKind.Document), cancellationToken);
                }
            });
            ours.Add(a);
            single.Add(b);
            ratio.Add(b / a);
        }
        Report.Head("Leave-one-out pruning of four sentences", $"compress --rounds {rounds}");
        Report.Columns("", "ms");
        Report.Row("together", Timing.Median(ours));
        Report.Row("one run for each left-out word", Timing.Median(single));
        Report.Row("times as fast, ratio of pairs", Timing.Median(ratio));
    }

    private static async Task<double> TimeAsync(Func<Task> work)
    {
        long began = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}

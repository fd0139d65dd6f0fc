using System.Diagnostics;
using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>The encoder against transformers.js and fastembed on the same ONNX file and texts; all take turns, round by round.</summary>
internal static class PeersBenchmark
{
    // fastembed pads every text to 512 tokens: its usual 256 texts a batch would take 6 GB for the scores of a layer, and all 2,000 texts minutes.
    private const int Batch = 32, Seed = 12, FastembedShare = 16;

    public static async Task<int> RunAsync(int count, int rounds, CancellationToken cancellationToken)
    {
        string folder = TestData.FindShared("models", "all-MiniLM-L6-v2") ?? throw new InvalidOperationException("shared/models/all-MiniLM-L6-v2 is not there.");
        await PeerProcess.InstallAsync(cancellationToken);
        using LocalEncoder encoder = EncodeBenchmark.Open(folder);
        EncoderDescription model = await encoder.DescribeAsync(null, cancellationToken);
        Tokenization.Tokenizer tokenizer = Tokenization.Tokenizer.Load(Path.Combine(folder, "tokenizer.json"));
        string[] texts = MixedTexts.Make(count, tokenizer, model.Space.MaxTokens, Seed), sorted = [.. texts.OrderBy(t => tokenizer.Count(t))], few = texts[..(count / FastembedShare)], fewSorted = [.. few.OrderBy(t => tokenizer.Count(t))];
        Report.Head("Encode against other libraries", $"peers --texts {count} --rounds {rounds}");
        Report.Note($"all-MiniLM-L6-v2, fp32, {count} texts as in 'encode', up to {model.Space.MaxTokens} tokens. Peers: {PeerProcess.Versions()}, both over onnxruntime-node on their usual threads; {Batch} texts a call, as given and sorted by length. fastembed takes the first token's state whatever the model (so its cosine is low), pads every text to 512 tokens and is timed on a {FastembedShare}th of the texts. Medians of {rounds} rounds.");
        Report.Columns("library", "texts/s", "ours / it", "cosine of the last vector with ours");
        (string Name, string[] Texts, string Library)[] peers = [("transformers.js, as given", texts, "transformers"), ("transformers.js, sorted", sorted, "transformers"), ("fastembed, as given", few, "fastembed"), ("fastembed, sorted", fewSorted, "fastembed")];
        string work = Directory.CreateTempSubdirectory("retrieval-peers-").FullName;
        List<double> own = [];
        double[][] theirs = [.. peers.Select(_ => new double[rounds])];
        float[][] last = new float[peers.Length][];
        for (int p = 0; p < peers.Length; p++)
        {
            await File.WriteAllTextAsync(Path.Combine(work, $"{p}.json"), JsonSerializer.Serialize(peers[p].Texts), cancellationToken);
        }
        await OwnAsync(encoder, texts[..Math.Min(200, count)], cancellationToken);
        for (int p = 0; p < peers.Length; p++) // one at a time, so that no idle one holds memory; ours before each
        {
            using PeerProcess peer = PeerProcess.Start(peers[p].Library, folder, Path.Combine(work, $"{p}.json"), Batch);
            for (int round = 0; round < rounds; round++)
            {
                own.Add(texts.Length / await OwnAsync(encoder, texts, cancellationToken));
                EncoderRound done = await peer.RoundAsync(cancellationToken);
                (theirs[p][round], last[p]) = (peers[p].Texts.Length / (done.WallMs / 1000), done.Last);
            }
            float[] ours = (await encoder.EmbedAsync(new EmbedRequest([peers[p].Texts[^1]]), cancellationToken)).Vectors[0];
            Report.Row(peers[p].Name, Timing.Median(theirs[p]), Timing.Median([.. own.TakeLast(rounds).Zip(theirs[p], (a, b) => a / b)]), System.Numerics.Tensors.TensorPrimitives.CosineSimilarity(ours, last[p]));
        }
        Report.Row("this one", Timing.Median(own), 1.0, 1.0);
        Directory.Delete(work, true);
        return 0;
    }

    private static async Task<double> OwnAsync(LocalEncoder encoder, string[] texts, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        await encoder.EmbedAsync(new EmbedRequest(texts, InputKind.Document), cancellationToken);
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}

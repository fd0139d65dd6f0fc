using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;

namespace Retrieval.Benchmarks;

/// <summary>Our tokenizer against the native library and the JavaScript one: the same texts on one thread each, in turns, by CPU time.</summary>
internal static class TokenizeBenchmark
{
    // Enough for the runtime to have optimised what is measured, also on a busy machine.
    private const int WarmUps = 30;

    public static readonly string[] Names = ["bert-uncased-minilm", "gpt2-pairs", "roberta-base", "qwen2.5", "t5-small", "albert", "mistral-7b-v0.1"];

    public static async Task<int> RunAsync(int rounds, string[] only, CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("retrieval-benchmark-").FullName;
        await TokenizerPeer.InstallAsync(cancellationToken);
        string[] names = [.. Names.Where(n => only.Length == 0 || only.Contains(n))];
        TokenizeTexts[] corpora = [TokenizeTexts.English(), TokenizeTexts.Chinese(), TokenizeTexts.Mixed()];
        Report.Head("Tokenize", $"tokenize --rounds {rounds}");
        Report.Note($"Peers: {TokenizerPeer.Versions()}, Node {await TokenizerPeer.NodeVersionAsync(cancellationToken)}. One thread each; all take turns, round by round; medians of {rounds} rounds of CPU time, the wall's in brackets. The native library is called text by text and as a batch, and the faster of the two counts. Ours encodes ids, types and offsets into a buffer that is used again.");
        foreach (TokenizeTexts texts in corpora)
        {
            Report.Note($"### {texts.Name}\n\n{texts.Description}");
            Compare(texts, names, folder, rounds);
        }
        Directory.Delete(folder, true);
        return 0;
    }

    private static void Compare(TokenizeTexts texts, string[] names, string folder, int rounds)
    {
        string file = Path.Combine(folder, "texts.json");
        File.WriteAllText(file, JsonSerializer.Serialize(texts.Texts));
        Report.Columns("tokenizer", "ours, MB/s", "ours, thousand tokens/s", "native, MB/s", "JavaScript, MB/s", "ours / native", "ours / JavaScript", "bytes allocated a call", "texts with native's ids");
        foreach (string name in names)
        {
            byte[] json = Unpack(name);
            string tokenizerFile = Path.Combine(folder, $"{name}.json");
            File.WriteAllBytes(tokenizerFile, json);
            Tokenizer tokenizer = Tokenizer.Parse(json, name);
            using TokenizerPeer single = TokenizerPeer.Start("native", tokenizerFile, file), batch = TokenizerPeer.Start("native-batch", tokenizerFile, file), script = TokenizerPeer.Start("js", tokenizerFile, file);
            int same = CompareIds(tokenizer, texts, batch);
            CompareSpeed(name, tokenizer, texts, [single, batch, script], same, rounds);
        }
        Report.Note("");
    }

    private static int CompareIds(Tokenizer tokenizer, TokenizeTexts texts, TokenizerPeer native)
    {
        PeerRound round = native.Round(withIds: true);
        return texts.Texts.Zip(round.Ids!, (text, ids) => tokenizer.Encode(text, addSpecialTokens: true, maxTokens: null).Ids.SequenceEqual(ids)).Count(same => same);
    }

    private static void CompareSpeed(string name, Tokenizer tokenizer, TokenizeTexts texts, TokenizerPeer[] peers, int same, int rounds)
    {
        string[] all = [.. texts.Texts];
        EncodingBuffer buffer = new();
        List<PeerRound> ours = [];
        List<PeerRound>[] theirs = [.. peers.Select(_ => new List<PeerRound>())];
        long allocated = 0;
        for (int round = -WarmUps; round < rounds; round++)
        {
            PeerRound mine = Round(tokenizer, all, buffer, out long bytes);
            if (round >= 0)
            {
                allocated += bytes;
                ours.Add(mine);
            }
            for (int p = 0; p < peers.Length && round >= -1; p++)
            {
                PeerRound other = peers[p].Round(withIds: false);
                if (round >= 0)
                {
                    theirs[p].Add(other);
                }
            }
        }
        double Speed(List<PeerRound> times) => texts.Bytes / 1e3 / Timing.Median([.. times.Select(t => t.CpuMs)]);
        string Shown(List<PeerRound> times) => $"{Speed(times):0.0} ({texts.Bytes / 1e3 / Timing.Median([.. times.Select(t => t.WallMs)]):0.0})";
        List<PeerRound> native = Speed(theirs[0]) > Speed(theirs[1]) ? theirs[0] : theirs[1];
        Report.Row(name, Shown(ours), ours[0].Tokens / Timing.Median([.. ours.Select(t => t.CpuMs)]), Shown(native), Shown(theirs[2]), Speed(ours) / Speed(native), Speed(ours) / Speed(theirs[2]),
            allocated / (double)rounds / texts.Texts.Count, $"{same} of {texts.Texts.Count}");
    }

    private static PeerRound Round(Tokenizer tokenizer, string[] texts, EncodingBuffer buffer, out long allocated)
    {
        long tokens = 0, began = Stopwatch.GetTimestamp(), before = GC.GetAllocatedBytesForCurrentThread();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        foreach (string text in texts)
        {
            tokenizer.Encode(text, addSpecialTokens: true, int.MaxValue, buffer);
            tokens += buffer.Count;
        }
        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return new PeerRound(tokens, (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds, Stopwatch.GetElapsedTime(began).TotalMilliseconds, null);
    }

    /// <summary>The tokenizer.json of a reference tokenizer.</summary>
    public static byte[] Unpack(string name)
    {
        string file = TestData.FindShared("tokenizers", "real", name, "tokenizer.json.gz") ?? throw new InvalidOperationException("shared/tokenizers is not there.");
        using GZipStream packed = new(File.OpenRead(file), CompressionMode.Decompress);
        using MemoryStream bytes = new();
        packed.CopyTo(bytes);
        return bytes.ToArray();
    }
}

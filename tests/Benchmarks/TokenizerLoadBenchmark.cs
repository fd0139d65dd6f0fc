using System.Diagnostics;
using Retrieval.Tokenization;

namespace Retrieval.Benchmarks;

/// <summary>From the bytes of tokenizer.json to a tokenizer that has counted the tokens of one text.</summary>
internal static class TokenizerLoadBenchmark
{
    private const int Loads = 5, Large = 250_000;

    public static void Run()
    {
        Report.Head("Load a tokenizer", "tokenizer-load");
        Report.Note($"From the bytes of tokenizer.json to a tokenizer that has counted the tokens of one text: the first load, with all its code still to be compiled, and the median of {Loads} that follow.");
        Report.Columns("tokenizer", "entries", "file, MB", "first, ms of CPU (wall)", "then, ms of CPU (wall)");
        Array.ForEach(TokenizeBenchmark.Names, name => Load(name, TokenizeBenchmark.Unpack(name)));
        Load("seeded Unigram", SeededTokenizerFile.Unigram(Large));
        Load("seeded byte-level BPE", SeededTokenizerFile.ByteLevel(Large));
        Load("seeded WordPiece", SeededTokenizerFile.WordPiece(Large));
    }

    private static void Load(string name, byte[] json)
    {
        (double Cpu, double Wall, int Entries)[] times = [.. Enumerable.Range(0, Loads + 1).Select(_ => Time(name, json))];
        double Then(Func<(double Cpu, double Wall, int Entries), double> of) => Timing.Median([.. times.Skip(1).Select(of)]);
        Report.Row(name, times[0].Entries, json.Length / 1e6, $"{times[0].Cpu:0} ({times[0].Wall:0})", $"{Then(t => t.Cpu):0} ({Then(t => t.Wall):0})");
    }

    private static (double Cpu, double Wall, int Entries) Time(string name, byte[] json)
    {
        long began = Stopwatch.GetTimestamp();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        Tokenizer tokenizer = Tokenizer.Parse(json, name);
        tokenizer.Count("The first text.");
        return ((Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds, Stopwatch.GetElapsedTime(began).TotalMilliseconds, tokenizer.VocabularySize);
    }
}

using System.Text.Json;
using Retrieval.Encoder;
using Retrieval.Onnx;
using Retrieval.Tokenization;

namespace Retrieval.Tests.Data;

/// <summary>A copy of shared/models/bge-small-en-v1.5 in int8, calibrated on texts that nothing is measured on: STS-B dev and Cranfield.</summary>
internal sealed class Int8Folder : IDisposable
{
    private const string Source = "bge-small-en-v1.5", Graph = "onnx/model.onnx";
    private const int Sentences = 80, Paragraphs = 20, MaxTokens = 256;

    private readonly string _folder = Directory.CreateTempSubdirectory("retrieval-int8-").FullName;

    /// <summary>The fp32 model; null when it is not there.</summary>
    public static string? Original => TestData.FindShared("models", Source);

    /// <summary>Makes it.</summary>
    /// <param name="weightBits">Bits of a weight.</param>
    /// <param name="isSmoothed">Whether it is calibrated at all.</param>
    public Int8Folder(int weightBits, bool isSmoothed = true)
    {
        foreach (string file in Directory.EnumerateFiles(Original!, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(".onnx", StringComparison.Ordinal)))
        {
            string copy = System.IO.Path.Combine(_folder, System.IO.Path.GetRelativePath(Original!, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Model)!);
        Tokenizer tokenizer = Tokenizer.Load(System.IO.Path.Combine(_folder, "tokenizer.json"));
        Int8Compilation.Compile(OnnxModel.Read(System.IO.Path.Combine(Original!, Graph)), tokenizer, isSmoothed ? Calibration() : [], MaxTokens, weightBits, CancellationToken.None).Write(Model);
    }

    public string Path => _folder;

    public string Model => System.IO.Path.Combine(_folder, Graph);

    public void Dispose() => Directory.Delete(_folder, true);

    private static string[] Calibration() =>
    [
        .. File.ReadLines(TestData.FindShared("eval", "stsb", "dev.tsv")!).Skip(1).Select(l => l.Split('\t')[1]).Distinct().Take(Sentences),
        .. File.ReadLines(TestData.FindShared("eval", "cranfield", "corpus.jsonl")!).Take(Paragraphs).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("text").GetString()!),
    ];
}

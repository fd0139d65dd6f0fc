using System.IO.Compression;
using System.Text.Json;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

/// <summary>What the reference library answered: tokenizer files, and cases with one input and its outputs each.</summary>
internal static class Reference
{
    private static readonly string[] Kinds = ["real", "synthetic"];

    /// <summary>The folder of reference tokenizers; skips the test where it is not there.</summary>
    public static string Folder() => Shared.Require("tokenizers");

    /// <summary>Names such as real/bert-cased, in order.</summary>
    public static string[] Names() => [.. Kinds
        .SelectMany(kind => Directory.GetDirectories(Path.Combine(Folder(), kind)).Select(d => $"{kind}/{Path.GetFileName(d)}"))
        .Order(StringComparer.Ordinal)];

    public static byte[] File(string name)
    {
        using MemoryStream bytes = new();
        using GZipStream file = Open(name, "tokenizer.json.gz");
        file.CopyTo(bytes);
        return bytes.ToArray();
    }

    public static Tokenizer Tokenizer(string name) => Retrieval.Tokenization.Tokenizer.Parse(File(name), name);

    public static IEnumerable<ReferenceCase> Cases(string name)
    {
        using StreamReader lines = new(Open(name, "cases.jsonl.gz"));
        while (lines.ReadLine() is { } line)
        {
            using JsonDocument document = JsonDocument.Parse(line);
            yield return new ReferenceCase(document.RootElement.Clone());
        }
    }

    private static GZipStream Open(string name, string file) =>
        new(System.IO.File.OpenRead(Path.Combine([Folder(), .. name.Split('/'), file])), CompressionMode.Decompress);
}

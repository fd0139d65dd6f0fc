using System.Globalization;
using Retrieval.OnnxRuntime;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>Markdown on standard output.</summary>
internal static class Report
{
    /// <summary>A heading, and what a reader needs to repeat the measurement.</summary>
    public static void Head(string title, string command) =>
        Write($"\n## {title}\n\n{TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}, {Processor.Name}, {Environment.ProcessorCount} cores, ONNX Runtime {EncoderSession.RuntimeVersion}. `dotnet run -c Release --project tests/Benchmarks -- {command}`\n\n");

    /// <summary>The first line of a table.</summary>
    public static void Columns(params string[] columns)
    {
        Row(columns);
        Row([.. columns.Select(_ => "---")]);
    }

    /// <summary>A line of it; fractions are printed with three significant places.</summary>
    public static void Row(params object[] cells) => Write($"| {string.Join(" | ", cells.Select(Print))} |\n");

    /// <summary>A line of text.</summary>
    public static void Note(string text) => Write($"{text}\n\n");

    private static string Print(object cell) => cell switch
    {
        double number => number.ToString(number >= 100 ? "0" : number >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture),
        _ => Convert.ToString(cell, CultureInfo.InvariantCulture)!,
    };

    private static void Write(string text)
    {
        Console.Out.Write(text);
        Console.Out.Flush();
    }
}

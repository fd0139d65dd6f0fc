using System.Globalization;
using System.Text;
using Retrieval.OnnxRuntime;
using Retrieval.Tests.Data;

[assembly: AssemblyFixture(typeof(Retrieval.Quality.Measures.ResultTable))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Retrieval.Quality.Measures;

/// <summary>The figures of a run as a page of tables: results.md beside the test program, and with RETRIEVAL_WRITE_RESULTS=1 the committed one.</summary>
public sealed class ResultTable : IDisposable
{
    private readonly SortedDictionary<string, (string[] Columns, List<string[]> Rows)> _sections = new(StringComparer.Ordinal);

    /// <summary>Adds a row to a section; numbers are printed with four decimals.</summary>
    internal void Add(string section, string[] columns, params object[] row)
    {
        lock (_sections)
        {
            _sections.TryAdd(section, (columns, []));
            _sections[section].Rows.Add([.. row.Select(Print)]);
        }
    }

    /// <summary>Writes the page when the last test is over.</summary>
    public void Dispose()
    {
        string page = Render();
        File.WriteAllText(Path.Combine(AppContext.BaseDirectory, "results.md"), page);
        if (Environment.GetEnvironmentVariable("RETRIEVAL_WRITE_RESULTS") == "1")
        {
            File.WriteAllText(TestData.InRepository("tests", "Quality", "results.md"), page);
        }
    }

    private string Render()
    {
        StringBuilder page = new();
        string full = Data.FullRun.IsWanted ? "RETRIEVAL_FULL=1 " : "";
        page.Append(CultureInfo.InvariantCulture, $"""
            # Quality, measured

            {TimeProvider.System.GetUtcNow():yyyy-MM-dd}, {Processor.Name}, {Environment.ProcessorCount} cores, ONNX Runtime {EncoderSession.RuntimeVersion}.
            Command: `{full}RETRIEVAL_WRITE_RESULTS=1 dotnet test -c Release tests/Quality`. Documents go in over the HTTP API; questions go through the query pipeline.

            """);
        foreach ((string section, (string[] columns, List<string[]> rows)) in _sections)
        {
            page.Append('\n').Append(CultureInfo.InvariantCulture, $"## {section}\n\n").Append(Line(columns)).Append(Line([.. columns.Select(_ => "---")]));
            rows.ForEach(r => page.Append(Line(r)));
        }
        return page.ToString();
    }

    private static string Line(string[] cells) => $"| {string.Join(" | ", cells)} |\n";

    private static string Print(object value) => value switch
    {
        double number => number.ToString("0.0000", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}

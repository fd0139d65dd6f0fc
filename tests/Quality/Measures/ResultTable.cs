using System.Globalization;
using System.Text;
using Retrieval.Encoder;
using Retrieval.OnnxRuntime;
using Retrieval.Tests.Data;

[assembly: AssemblyFixture(typeof(Retrieval.Quality.Measures.ResultTable))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Retrieval.Quality.Measures;

/// <summary>
/// The figures of a run as a page of tables: results.md beside the test program. A full run with RETRIEVAL_WRITE_RESULTS=1 also writes the committed page:
/// the sections that it measured take the place of those of the same name, each with its own date, so that classes can be measured one by one.
/// </summary>
public sealed class ResultTable : IDisposable
{
    private const string Heading = "\n## ";

    private readonly SortedDictionary<string, Section> _sections = new(StringComparer.Ordinal);

    /// <summary>Adds a row to a section; numbers are printed with four decimals.</summary>
    internal void Add(string section, string[] columns, params object[] row)
    {
        lock (_sections)
        {
            _sections.TryAdd(section, new Section(columns));
            _sections[section].Rows.Add([.. row.Select(Print)]);
        }
    }

    /// <summary>Says something about a section that has a row, in front of its table.</summary>
    internal void Note(string section, string note)
    {
        lock (_sections)
        {
            _sections[section].Note = note;
        }
    }

    /// <summary>An interval as it is printed.</summary>
    internal static string Interval(MeanInterval interval) => string.Create(CultureInfo.InvariantCulture, $"{interval.Low:0.0000} to {interval.High:0.0000}");

    /// <summary>Writes the pages when the last test is over.</summary>
    public void Dispose()
    {
        SortedDictionary<string, string> measured = new(_sections.ToDictionary(s => s.Key, s => Render(s.Value)), StringComparer.Ordinal);
        File.WriteAllText(Path.Combine(AppContext.BaseDirectory, "results.md"), Page(measured));
        if (Data.FullRun.IsWanted && Environment.GetEnvironmentVariable("RETRIEVAL_WRITE_RESULTS") == "1")
        {
            string committed = TestData.InRepository("tests", "Quality", "results.md");
            foreach (string section in File.ReadAllText(committed).Split(Heading).Skip(1))
            {
                string[] parts = section.Split('\n', 2);
                measured.TryAdd(parts[0], parts[1].Trim('\n') + "\n");
            }
            File.WriteAllText(committed, Page(measured));
        }
    }

    private static string Page(SortedDictionary<string, string> sections) => $"""
        # Quality, measured

        Command: `RETRIEVAL_FULL=1 RETRIEVAL_WRITE_RESULTS=1 dotnet test -c Release tests/Quality`; a class of tests alone (`-- -class …`) writes its own sections.
        Search: documents go in over the HTTP API, questions go through the query pipeline.

        """ + string.Concat(sections.Select(s => $"{Heading}{s.Key}\n\n{s.Value}"));

    private static string Render(Section section)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd}, {Processor.Name}, {Environment.ProcessorCount} cores, ONNX Runtime {EncoderSession.RuntimeVersion}.");
        text.Append(section.Note is null ? "\n\n" : $"\n{section.Note}\n\n").Append(Line(section.Columns)).Append(Line([.. section.Columns.Select(_ => "---")]));
        section.Rows.ForEach(r => text.Append(Line(r)));
        return text.ToString();
    }

    private static string Line(string[] cells) => $"| {string.Join(" | ", cells)} |\n";

    private static string Print(object value) => value switch
    {
        double number => number.ToString("0.0000", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private sealed class Section(string[] columns)
    {
        public string[] Columns { get; } = columns;

        public List<string[]> Rows { get; } = [];

        public string? Note { get; set; }
    }
}

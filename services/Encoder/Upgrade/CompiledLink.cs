using System.Globalization;

namespace Retrieval.Encoder;

/// <summary>Which compiled graph the files of a source gave: the graph's hash, then size, time of change and path of each file.</summary>
internal static class CompiledLink
{
    // A file that changed within the resolution of its clock before the link was written could change once more without a trace.
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);

    /// <summary>The hash, when every file is as it was; null otherwise.</summary>
    public static string? Read(string link)
    {
        if (!File.Exists(link) || File.ReadAllLines(link) is not [var hash, _, ..] lines)
        {
            return null;
        }
        DateTime written = File.GetLastWriteTimeUtc(link);
        return lines.Skip(1).All(line => line.Split(' ', 3) is [_, _, var path] && File.Exists(path) && Line(path) == line && File.GetLastWriteTimeUtc(path) < written - Settled) ? hash : null;
    }

    /// <summary>Under another name first.</summary>
    public static void Write(string link, string hash, IEnumerable<string> files)
    {
        string own = $"{link}.{Environment.ProcessId}";
        File.WriteAllLines(own, [hash, .. files.Select(Line)]);
        File.Move(own, link, overwrite: true);
    }

    private static string Line(string path) => string.Create(CultureInfo.InvariantCulture, $"{new FileInfo(path).Length} {File.GetLastWriteTimeUtc(path).Ticks} {Path.GetFullPath(path)}");
}

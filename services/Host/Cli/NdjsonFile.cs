using System.Text;

namespace Retrieval.Host.Cli;

/// <summary>The lines of a file with their numbers, some at a time; what goes wrong on the way is kept for the report.</summary>
internal sealed class NdjsonFile(string path) : IDisposable
{
    private const int LinesAtOnce = 64;
    private readonly IEnumerator<string> _lines = File.ReadLines(path, new UTF8Encoding(false, throwOnInvalidBytes: true)).GetEnumerator();
    private int _number;

    /// <summary>Why the rest of the file cannot be read.</summary>
    public string? Error { get; private set; }

    /// <summary>The next lines that are not blank; none at the end or at an error.</summary>
    public List<(int Number, string Line)> Next()
    {
        List<(int, string)> lines = [];
        try
        {
            while (lines.Count < LinesAtOnce && Error is null && _lines.MoveNext())
            {
                _number++;
                if (!string.IsNullOrWhiteSpace(_lines.Current))
                {
                    lines.Add((_number, _lines.Current));
                }
            }
        }
        catch (DecoderFallbackException)
        {
            Error = $"The file is not valid UTF-8 (line {_number + 1} or soon after). Convert it (for example: iconv -f WINDOWS-1252 -t UTF-8).";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Error = e.Message;
        }
        return lines;
    }

    public void Dispose() => _lines.Dispose();
}

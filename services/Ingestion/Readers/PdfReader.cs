using System.Diagnostics;
using System.Globalization;
using System.Text;
using Retrieval.Contracts;

namespace Retrieval.Ingestion.Readers;

/// <summary>
/// PDF through poppler's pdftotext, which has to be installed: a process of its own with bounds of memory and processor time that the kernel keeps. The pages'
/// beginnings are kept.
/// </summary>
internal sealed class PdfReader : IReader
{
    private const int MostKiB = 1 << 20, MostSeconds = 60, MostBytesACharacter = 4;

    public FileFormat Format => FileFormat.Pdf;

    public ReadText Read(ReadRequest request)
    {
        (int code, string text, string error) = Run("pdftotext", ["-enc", "UTF-8", "-eol", "unix", "-", "-"], request.Content, (long)request.MaxCharacters * MostBytesACharacter);
        if (code != 0 && (text.Length == 0 || error.Contains("password", StringComparison.OrdinalIgnoreCase)))
        {
            throw error.Contains("password", StringComparison.OrdinalIgnoreCase)
                ? new RetrievalException(ErrorKind.Invalid, "The PDF is under a password.", "body", help: "Save it without the password (for example: qpdf --decrypt in.pdf out.pdf).")
                : new RetrievalException(ErrorKind.Invalid, $"The PDF cannot be read{Reason(code, error)}.", "body", help: "It is cut off or damaged: open it in a viewer and save or print it again.");
        }
        (string joined, List<int> pages) = Pages(text);
        return new ReadText(joined, "text/plain") { Pages = pages, Title = Title(request.Content) };
    }

    /// <summary>pdftotext ends each page with a form feed; in the text pages are parted by a blank line.</summary>
    private static (string Text, List<int> Starts) Pages(string text)
    {
        StringBuilder joined = new(text.Length);
        List<int> starts = [];
        string[] pages = text.Split('\f');
        for (int i = 0; i < pages.Length - (pages[^1].Length == 0 ? 1 : 0); i++)
        {
            joined.Append(joined.Length > 0 ? "\n\n" : "");
            starts.Add(joined.Length);
            joined.Append(pages[i].TrimEnd());
        }
        return (joined.ToString(), starts);
    }

    private static string? Title(byte[] content)
    {
        const int Enough = 1 << 16;
        (int code, string text, _) = Run("pdfinfo", ["-enc", "UTF-8", "-"], content, Enough);
        string? title = code != 0 ? null : text.Split('\n').FirstOrDefault(l => l.StartsWith("Title:", StringComparison.Ordinal))?[6..].Trim();
        return string.IsNullOrEmpty(title) ? null : title;
    }

    private static string Reason(int code, string error)
    {
        string line = error.Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.Length > 0) ?? (code > 128 ? $"pdftotext was ended by signal {code - 128}: it is over {MostKiB >> 10} MiB or {MostSeconds} s, or defective" : "");
        return line.Length == 0 ? "" : $": {line.TrimEnd('.')}";
    }

    /// <summary>Runs a program on bytes; what it prints beyond the bound ends it.</summary>
    private static (int Code, string Out, string Error) Run(string program, string[] arguments, byte[] input, long mostBytes)
    {
        // The shell sets the bounds and then becomes the program.
        string bounds = string.Create(CultureInfo.InvariantCulture, $"ulimit -c 0; ulimit -v {MostKiB} 2>/dev/null; ulimit -t {MostSeconds} 2>/dev/null; exec \"$0\" \"$@\"");
        ProcessStartInfo start = new("/bin/sh", ["-c", bounds, program, .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardErrorEncoding = System.Text.Encoding.UTF8,
        };
        using Process process = Process.Start(start)!;
        Task<string> error = HeadAsync(process.StandardError);
        Task feeding = FeedAsync(process, input);
        MemoryStream output = new();
        if (!Take(process.StandardOutput.BaseStream, output, mostBytes))
        {
            process.Kill(true);
            throw new RetrievalException(ErrorKind.TooLarge, $"The PDF holds more than {mostBytes >> 20} MiB of text.", "body", null, $"{mostBytes} bytes", "Split it, or raise Ingestion:Readers:MaxCharacters.");
        }
        process.WaitForExit();
        feeding.GetAwaiter().GetResult();
        const int NotFound = 127;
        return process.ExitCode != NotFound ? (process.ExitCode, System.Text.Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length), error.GetAwaiter().GetResult())
            : throw new RetrievalException(ErrorKind.Invalid, $"PDF is read through poppler's {program}, which is not installed on the machine that ingests.", "body", help: "Install it (Debian and Ubuntu: apt install poppler-utils; macOS: brew install poppler) and send the document again.");
    }

    /// <summary>What a program complains of; the rest of an endless complaint is read and let go.</summary>
    private static async Task<string> HeadAsync(StreamReader complaints)
    {
        const int Most = 4096;
        StringBuilder head = new();
        char[] buffer = new char[Most];
        for (int read; (read = await complaints.ReadAsync(buffer).ConfigureAwait(false)) > 0;)
        {
            head.Append(buffer, 0, Math.Min(read, Most - head.Length));
        }
        return head.ToString();
    }

    private static async Task FeedAsync(Process process, byte[] input)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It had seen enough.
        }
    }

    private static bool Take(Stream from, MemoryStream to, long most)
    {
        byte[] buffer = new byte[1 << 16];
        for (int read; (read = from.Read(buffer)) > 0;)
        {
            if (to.Length + read > most)
            {
                return false;
            }
            to.Write(buffer, 0, read);
        }
        return true;
    }
}

using System.Text;
using Retrieval.Contracts;
using UtfUnknown;

namespace Retrieval.Ingestion.Readers;

/// <summary>
/// Bytes to text: a byte order mark decides, then valid UTF-8, then the zero bytes of UTF-16, then letter statistics of the old charsets (UTF.Unknown, after
/// Mozilla's detector). Bytes with control characters that no text has are refused.
/// </summary>
internal static class TextBytes
{
    /// <summary>Statistics of more say no more.</summary>
    private const int LookAt = 1 << 18;

    /// <summary>Below it the statistics are a guess, and the most common of the old charsets is the better one.</summary>
    private const float LeastConfidence = 0.5f;

    private static readonly UTF8Encoding StrictUtf8 = new(false, true);

    static TextBytes() => System.Text.Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>The text and, where it was not UTF-8, the name of its charset.</summary>
    /// <exception cref="RetrievalException">Invalid, for what is no text.</exception>
    public static (string Text, string? Charset) Decode(byte[] content)
    {
        (System.Text.Encoding charset, int skip, bool isText) = Look(content);
        if (!isText)
        {
            throw new RetrievalException(ErrorKind.Invalid, "The file is not text: it has bytes that no text has.", "body", help: $"Readable: {string.Join(", ", FileFormat.All.Select(f => f.Name))}.");
        }
        try
        {
            return (charset.GetString(content, skip, content.Length - skip), charset.CodePage == StrictUtf8.CodePage ? null : charset.WebName);
        }
        catch (DecoderFallbackException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The file says by its first bytes that it is {charset.WebName} and is not: a byte at position {skip + e.Index} does not fit.", "body", help: "It is cut off or damaged: send the original.", inner: e);
        }
    }

    /// <summary>How the bytes are to be read.</summary>
    public static (System.Text.Encoding Charset, int Skip, bool IsText) Look(byte[] content)
    {
        if (Marked(content) is { } marked)
        {
            return (marked.Charset, marked.Skip, true);
        }
        if (Zeros(content) is { } wide)
        {
            return (wide, 0, true);
        }
        bool isText = content.AsSpan().IndexOfAny(Control) < 0;
        return System.Text.Unicode.Utf8.IsValid(content) ? (StrictUtf8, 0, isText) : (Statistics(content), 0, isText);
    }

    // Tab, line feed, vertical tab, form feed, carriage return, end of file and escape occur in old texts.
    private static readonly System.Buffers.SearchValues<byte> Control = System.Buffers.SearchValues.Create([0, 1, 2, 3, 4, 5, 6, 7, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 28, 29, 30, 31]);

    private static (System.Text.Encoding Charset, int Skip)? Marked(ReadOnlySpan<byte> content) =>
        content.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? (StrictUtf8, 3)
        : content.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE, 0, 0]) ? (new UTF32Encoding(false, false, true), 4)
        : content.StartsWith((ReadOnlySpan<byte>)[0, 0, 0xFE, 0xFF]) ? (new UTF32Encoding(true, false, true), 4)
        : content.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) ? (new UnicodeEncoding(false, false, true), 2)
        : content.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]) ? (new UnicodeEncoding(true, false, true), 2) : null;

    /// <summary>UTF-16 without a mark: line ends, spaces and Latin letters have a zero byte on one side, always the same.</summary>
    private static UnicodeEncoding? Zeros(ReadOnlySpan<byte> content)
    {
        if (content.Length % 2 != 0)
        {
            return null;
        }
        ReadOnlySpan<byte> head = content[..Math.Min(content.Length, LookAt)];
        int even = 0, odd = 0;
        for (int i = 0; i + 1 < head.Length; i += 2)
        {
            (even, odd) = (even + (head[i] == 0 ? 1 : 0), odd + (head[i + 1] == 0 ? 1 : 0));
        }
        int enough = Math.Max(1, head.Length / 2 / 20);
        bool? bigEndian = even >= enough && odd == 0 ? true : odd >= enough && even == 0 ? false : null;
        UnicodeEncoding? wide = bigEndian is { } big ? new UnicodeEncoding(big, false, true) : null;
        return wide is not null && IsValid(wide, content) ? wide : null;
    }

    private static bool IsValid(UnicodeEncoding wide, ReadOnlySpan<byte> content)
    {
        try
        {
            string text = wide.GetString(content);
            return text.All(c => !char.IsControl(c) || c is '\t' or '\n' or '\v' or '\f' or '\r' or '\x1a' or '\x1b');
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static System.Text.Encoding Statistics(byte[] content)
    {
        DetectionDetail? found = CharsetDetector.DetectFromBytes(content, 0, Math.Min(content.Length, LookAt)).Detected;
        return found is { Encoding: { } charset, Confidence: >= LeastConfidence } && charset.CodePage is not (20127 or 65001) ? charset : System.Text.Encoding.GetEncoding(1252);
    }
}

using System.Text;
using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.Ingestion.Readers;

/// <summary>JSON as one document: a line a value with its path. (As documents of their own, records are read by <see cref="Sources.RecordFile"/>.)</summary>
internal sealed class JsonReader(FileFormat format) : IReader
{
    private const int MostDepth = 256;

    public FileFormat Format => format;

    public ReadText Read(ReadRequest request)
    {
        (string text, string? charset) = TextBytes.Decode(request.Content);
        byte[] json = System.Text.Encoding.UTF8.GetBytes(text);
        StringBuilder lines = new();
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = MostDepth, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowMultipleValues = format == FileFormat.NdJson });
        try
        {
            Lines(ref reader, lines, request.MaxCharacters);
        }
        catch (InvalidOperationException e) // half of a surrogate pair
        {
            throw new RetrievalException(ErrorKind.Invalid, "A string of the file is not valid Unicode.", "body", help: "Escape characters above U+FFFF as two \\u escapes.", inner: e);
        }
        catch (JsonException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The file is no whole {format.Name}: line {(e.LineNumber ?? 0) + 1}, byte {(e.BytePositionInLine ?? 0) + 1}.", "body", help: "It is cut off, or nested more than 256 deep.", inner: e);
        }
        return new ReadText(lines.ToString(), "text/x-source") { Charset = charset };
    }

    private static void Lines(ref Utf8JsonReader reader, StringBuilder lines, int most)
    {
        Stack<string> path = new();
        string? name = null;
        while (reader.Read() && lines.Length <= most)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = reader.GetString();
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    path.Push(name ?? "");
                    name = null;
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    path.Pop();
                    lines.Append(path.Count == 0 || reader.TokenType == JsonTokenType.EndArray || lines is [.., '\n', '\n'] or [] ? "" : "\n"); // a blank line behind each object
                    name = null;
                    break;
                default:
                    Line(ref reader, lines, path, name);
                    name = null;
                    break;
            }
        }
    }

    private static void Line(ref Utf8JsonReader reader, StringBuilder lines, Stack<string> path, string? name)
    {
        string value = reader.TokenType == JsonTokenType.String ? reader.GetString()! : System.Text.Encoding.UTF8.GetString(reader.ValueSpan);
        string key = string.Join('.', path.Reverse().Append(name ?? "").Where(p => p.Length > 0));
        if (reader.TokenType != JsonTokenType.Null && !string.IsNullOrWhiteSpace(value))
        {
            lines.Append(key).Append(key.Length > 0 ? ": " : "").Append(MarkdownWriter.OneLine(value)).Append('\n');
        }
    }
}

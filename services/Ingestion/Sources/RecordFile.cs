using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Retrieval.Contracts;
using Retrieval.Ingestion.Readers;

namespace Retrieval.Ingestion.Sources;

/// <summary>A record of a file: a document as the API takes it.</summary>
/// <param name="Place">For messages: the line, row or number in the file.</param>
/// <param name="Id">Null when it names none.</param>
/// <param name="Json">One line of JSON.</param>
/// <param name="Sha256">Of what the file has there.</param>
public sealed record SourceRecord(string Place, string? Id, string Json, string Sha256);

/// <summary>
/// Documents out of NDJSON, CSV and lists of JSON. They are only cut into records here, by parsers whose depth and memory are bounded by the file's size, so that this is
/// done in the process itself.
/// </summary>
internal static class RecordFile
{
    /// <summary>The lines of an NDJSON file, of any length, read as they are asked for.</summary>
    /// <exception cref="RetrievalException">Invalid, with the line, when it is not UTF-8.</exception>
    public static IEnumerable<SourceRecord> Lines(SourceFile file, FieldMapping fields, string source)
    {
        using FileStream stream = new(file.FullPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16, FileOptions.SequentialScan);
        foreach ((string Place, string Raw, JsonObject? Record) line in Lines(stream))
        {
            yield return Of(line, file, fields.IsDefault ? null : fields, source);
        }
    }

    /// <summary>The records of a file of CSV or JSON; null when it is no file of records: another format, or a table or JSON without the field of the text, which are read as one document.</summary>
    /// <exception cref="RetrievalException">Invalid, with the place.</exception>
    public static IEnumerable<SourceRecord>? Read(SourceFile file, byte[] content, FieldMapping fields, string source)
    {
        FileFormat? format = FileFormat.OfName(file.Path);
        IEnumerable<(string Place, string Raw, JsonObject? Record)>? records = format == FileFormat.Csv ? Rows(content, fields) : format == FileFormat.Json ? Items(content, fields) : null;
        return records?.Select(r => Of(r, file, fields, source));
    }

    private static SourceRecord Of((string Place, string Raw, JsonObject? Record) read, SourceFile file, FieldMapping? fields, string source)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(read.Raw)));
        if (read.Record is null)
        {
            return new SourceRecord(read.Place, null, read.Raw, hash); // the API says what is wrong with it
        }
        JsonObject document = fields is null ? read.Record : Mapped(read.Record, fields, $"{file.Path}#{read.Place.Split(' ')[^1]}");
        if (document["metadata"] is null or JsonObject)
        {
            JsonObject metadata = document["metadata"] as JsonObject ?? [];
            metadata[DocumentSource.Key] = JsonSerializer.SerializeToNode(new DocumentSource(source, file.Path, hash), WireJson.Strict.DocumentSource);
            document["metadata"] = metadata;
        }
        return new SourceRecord(read.Place, document["id"] is JsonValue id && id.GetValueKind() == JsonValueKind.String ? id.GetValue<string>() : null, document.ToJsonString(JsonText), hash);
    }

    private static readonly JsonSerializerOptions JsonText = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static JsonObject Mapped(JsonObject record, FieldMapping fields, string id)
    {
        string Name(string given, string usual) => given.Length > 0 ? given : usual;
        string idField = Name(fields.Id, "id"), title = Name(fields.Title, "title"), text = Name(fields.Text, "text"), url = Name(fields.Url, "url");
        JsonObject metadata = [];
        foreach ((string key, JsonNode? value) in record.Where(p => p.Value is not null && p.Key != idField && p.Key != title && p.Key != text && p.Key != url && (fields.Metadata.Count == 0 || fields.Metadata.Contains(p.Key))))
        {
            metadata[key] = value!.DeepClone();
        }
        JsonObject document = new() { ["id"] = Words(record[idField]) is { Length: > 0 } own ? own : id, ["text"] = Words(record[text]) ?? "", ["metadata"] = metadata };
        foreach ((string key, string? value) in (ReadOnlySpan<(string, string?)>)[("title", Words(record[title])), ("url", Words(record[url]))])
        {
            if (!string.IsNullOrWhiteSpace(value))
            {
                document[key] = value;
            }
        }
        return document;
    }

    private static string? Words(JsonNode? value) => value is null ? null : value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString(JsonText);

    private static IEnumerable<(string, string, JsonObject?)> Lines(Stream content)
    {
        int number = 0;
        using StreamReader reader = new(content, new UTF8Encoding(false, true));
        while (true)
        {
            string? line;
            try
            {
                line = reader.ReadLine();
            }
            catch (DecoderFallbackException e)
            {
                throw new RetrievalException(ErrorKind.Invalid, $"The file is not valid UTF-8 (line {number + 1} or soon after).", "body", help: "Convert it (for example: iconv -f WINDOWS-1252 -t UTF-8).", inner: e);
            }
            if (line is null)
            {
                yield break;
            }
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return ($"line {number.ToString(CultureInfo.InvariantCulture)}", line, Parsed(line) as JsonObject);
            }
        }
    }

    private static IEnumerable<(string, string, JsonObject?)>? Rows(byte[] content, FieldMapping fields)
    {
        string text = TextBytes.Decode(content).Text, wanted = fields.Text.Length > 0 ? fields.Text : "text";
        using IEnumerator<IReadOnlyDictionary<string, string>> first = CsvReader.Rows(new StringReader(text)).GetEnumerator();
        if (!first.MoveNext() || !first.Current.ContainsKey(wanted))
        {
            return Missing(fields, first.Current?.Keys);
        }
        return CsvReader.Rows(new StringReader(text)).Select((row, i) =>
        {
            JsonObject record = new(row.Where(c => c.Value.Length > 0).Select(c => KeyValuePair.Create(c.Key, (JsonNode?)JsonValue.Create(c.Value))));
            return ($"row {(i + 1).ToString(CultureInfo.InvariantCulture)}", record.ToJsonString(JsonText), (JsonObject?)record);
        });
    }

    private static IEnumerable<(string, string, JsonObject?)>? Items(byte[] content, FieldMapping fields)
    {
        JsonNode? json = Parsed(TextBytes.Decode(content).Text);
        string wanted = fields.Text.Length > 0 ? fields.Text : "text";
        JsonNode?[] items = json is JsonArray list ? [.. list] : [json];
        return items.Length > 0 && items.All(i => i is JsonObject o && o.ContainsKey(wanted))
            ? items.Select((item, i) => ($"record {(i + 1).ToString(CultureInfo.InvariantCulture)}", item!.ToJsonString(JsonText), (JsonObject?)item.DeepClone()))
            : Missing(fields, (items.FirstOrDefault() as JsonObject)?.Select(p => p.Key));
    }

    /// <summary>Without a mapping the file is one document; a field that was asked for and is not there is an error.</summary>
    private static IEnumerable<(string, string, JsonObject?)>? Missing(FieldMapping fields, IEnumerable<string>? has) => fields.Text.Length == 0 ? null
        : throw new RetrievalException(ErrorKind.Invalid, $"The file has no field '{fields.Text}' in every record.", "fields.text", fields.Text, string.Join(", ", (has ?? []).Take(32)), "Name the field that holds the text.");

    private static JsonNode? Parsed(string json)
    {
        try
        {
            return JsonNode.Parse(json, null, new JsonDocumentOptions { MaxDepth = 64 });
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return null;
        }
    }
}

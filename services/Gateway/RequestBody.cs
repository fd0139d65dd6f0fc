using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Retrieval.Contracts;

namespace Retrieval.Gateway;

/// <summary>Bodies, read whole within a limit, strictly: valid UTF-8, the right shape, no unknown field.</summary>
internal static partial class RequestBody
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, true);

    /// <summary>The bytes of a body that is at most <paramref name="limit"/> long.</summary>
    public static async Task<byte[]> ReadAsync(HttpRequest request, long limit, CancellationToken cancellationToken)
    {
        LiftServerLimit(request);
        if (request.ContentLength > limit)
        {
            throw TooLarge(request.ContentLength.Value, limit);
        }
        ArrayBufferWriter<byte> body = new(16_384);
        int read;
        while ((read = await request.Body.ReadAsync(body.GetMemory(4096), cancellationToken)) > 0)
        {
            body.Advance(read);
            if (body.WrittenCount > limit)
            {
                throw TooLarge(body.WrittenCount, limit);
            }
        }
        return body.WrittenSpan.ToArray();
    }

    /// <summary>Limits are ours, not the server's: one error for all of them.</summary>
    public static void LiftServerLimit(HttpRequest request)
    {
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            feature.MaxRequestBodySize = null;
        }
    }

    /// <summary>A JSON body.</summary>
    public static async Task<T> ReadJsonAsync<T>(HttpRequest request, long limit, JsonTypeInfo<T> type, CancellationToken cancellationToken) where T : class =>
        ParseJson(await ReadAsync(request, limit, cancellationToken), type);

    /// <summary>One JSON value.</summary>
    public static T ParseJson<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type) where T : class
    {
        if (json.IsEmpty)
        {
            throw new RetrievalException(ErrorKind.Invalid, "The body is empty.", "body", limit: "a JSON object", help: $"Send {{{ExpectedShape.Fields(type)}}}.");
        }
        RequirePairs(json);
        try
        {
            return JsonSerializer.Deserialize(json, type)
                ?? throw new RetrievalException(ErrorKind.Invalid, "The body is null.", "body", "null", "a JSON object", $"Send {{{ExpectedShape.Fields(type)}}}.");
        }
        catch (JsonException e)
        {
            throw Malformed(e, json, type);
        }
    }

    /// <summary>UTF-8 text without its byte order mark.</summary>
    public static string ParseText(byte[] body)
    {
        ReadOnlySpan<byte> bytes = body.AsSpan().StartsWith("\uFEFF"u8) ? body.AsSpan(3) : body;
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            string bad = e.BytesUnknown is { } unknown ? Convert.ToHexString(unknown) : "";
            int position = body.Length - bytes.Length + e.Index;
            throw new RetrievalException(ErrorKind.Invalid, string.Create(CultureInfo.InvariantCulture, $"The text is not valid UTF-8: byte 0x{bad} at position {position}."), "body", $"0x{bad}", "UTF-8",
                "Convert the file to UTF-8 (for example: iconv -f WINDOWS-1252 -t UTF-8) and send it again.", e);
        }
    }

    /// <summary>A text of a declared charset as UTF-8, with the mark that says so whatever the text itself claims.</summary>
    public static byte[] ToUtf8(byte[] body, string charset)
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        string name = charset.Trim('"');
        try
        {
            Encoding declared = Encoding.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
            return declared.CodePage == StrictUtf8.CodePage || body.AsSpan().StartsWith("\uFEFF"u8) ? body : [.. "\uFEFF"u8, .. Encoding.UTF8.GetBytes(declared.GetString(body))];
        }
        catch (ArgumentException e) when (e is not DecoderFallbackException)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Charset '{name}' is not known.", "Content-Type", name, "utf-8, or another registered name", "Send the text as utf-8.", e);
        }
        catch (DecoderFallbackException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The text is not valid {name}: a byte at position {e.Index} does not fit.", "body", null, name, "Name the charset that it is in, or send it as utf-8.", e);
        }
    }

    public static RetrievalException TooLarge(long bytes, long limit) => new(ErrorKind.TooLarge,
        string.Create(CultureInfo.InvariantCulture, $"The body has {bytes} bytes or more; the limit is {limit}."), "body", $"{bytes}", $"{limit} bytes",
        "Split the document, or raise Gateway:MaxDocumentBytes.");

    private static RetrievalException Malformed<T>(JsonException e, ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
    {
        if (UnknownField().Match(e.Message) is { Success: true } unknown)
        {
            string name = unknown.Groups["name"].Value, at = Field(e);
            JsonTypeInfo owner = typeof(WireJson).Assembly.GetType(unknown.Groups["type"].Value) is { } named && type.Options.TryGetTypeInfo(named, out JsonTypeInfo? found) ? found : type;
            return new RetrievalException(ErrorKind.Invalid, at == name ? $"Unknown field '{name}'." : $"Unknown field '{name}' at {at}.", at, name, ExpectedShape.Fields(owner),
                "Remove the field or correct its name.", e);
        }
        if (!IsUtf8(json))
        {
            return new RetrievalException(ErrorKind.Invalid, "The body is not valid UTF-8.", "body", limit: "JSON in UTF-8", help: "Send the JSON as UTF-8.", inner: e);
        }
        string field = Field(e);
        return new RetrievalException(ErrorKind.Invalid, $"The JSON is not of the expected shape at '{field}', line {(e.LineNumber ?? 0) + 1}, byte {(e.BytePositionInLine ?? 0) + 1}.",
            field, ExpectedShape.Given(json, OneOrMany.PathOf(e)), ExpectedShape.At(type, OneOrMany.PathOf(e)), "Check the type of the field, quotes and commas.", e);
    }

    private static bool IsUtf8(ReadOnlySpan<byte> json) => System.Text.Unicode.Utf8.IsValid(json);

    private static string Field(JsonException e) => OneOrMany.PathOf(e) is { Length: > 1 } path ? path.TrimStart('$', '.') : "body";

    /// <summary>Free fields are kept as they are written, so that reading the body does not look into their strings.</summary>
    private static void RequirePairs(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("\\ud"u8) < 0 && json.IndexOf("\\uD"u8) < 0)
        {
            return;
        }
        Utf8JsonReader reader = new(json);
        try
        {
            while (reader.Read())
            {
                _ = reader.ValueIsEscaped ? reader.GetString() : null;
            }
        }
        catch (InvalidOperationException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, "A string of the body is not valid Unicode: it has half of a surrogate pair.", "body", inner: e,
                help: "Escape characters above U+FFFF as two \\u escapes, or send them as UTF-8.");
        }
        catch (JsonException)
        {
            // Reading into the type says what is wrong, and where.
        }
    }

    [GeneratedRegex("JSON property '(?<name>.*)' could not be mapped to any .NET member contained in type '(?<type>[^']*)'", RegexOptions.Singleline)]
    private static partial Regex UnknownField();
}

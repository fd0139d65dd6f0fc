using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Retrieval.Contracts;

namespace Retrieval.Gateway;

/// <summary>Bodies, read whole within a limit, strictly: valid UTF-8, the right shape, no unknown field.</summary>
internal static class RequestBody
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
            throw new RetrievalException(ErrorKind.Invalid, "The body is empty.", "body", limit: "a JSON object", help: $"Send an object of {JsonFault.Fields(type)}.");
        }
        try
        {
            return JsonSerializer.Deserialize(json, type)
                ?? throw new RetrievalException(ErrorKind.Invalid, "The body is null.", "body", "null", "a JSON object", $"Send an object of {JsonFault.Fields(type)}.");
        }
        catch (JsonException e)
        {
            throw JsonFault.Of(e, json, type);
        }
        catch (InvalidOperationException e) // a string with an unpaired surrogate escape
        {
            throw JsonFault.HalfSurrogate(e, "");
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
            throw new RetrievalException(ErrorKind.Invalid, $"The text is not valid UTF-8: byte 0x{bad} near position {e.Index}.", "body", $"0x{bad}", "UTF-8",
                "Convert the file to UTF-8 (for example: iconv -f WINDOWS-1252 -t UTF-8) and send it again.", e);
        }
    }

    public static RetrievalException TooLarge(long bytes, long limit) => new(ErrorKind.TooLarge,
        string.Create(CultureInfo.InvariantCulture, $"The body has {bytes} bytes or more; the limit is {limit}."), "body", $"{bytes}", $"{limit} bytes",
        "Split the document, or raise Gateway:MaxDocumentBytes.");
}

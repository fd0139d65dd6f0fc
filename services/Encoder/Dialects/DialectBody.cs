using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>Bodies of the dialects, read whole within <see cref="EncoderOptions.MaxBodyBytes"/>. Unknown fields are passed over, as the originals do.</summary>
internal static class DialectBody
{
    /// <summary>Name of the body in problems.</summary>
    public const string Field = "body";

    /// <summary>Reads a request.</summary>
    /// <exception cref="RetrievalException">Invalid: no JSON, or of another shape; TooLarge.</exception>
    public static async Task<T> ReadAsync<T>(HttpRequest request, EncoderOptions options, JsonTypeInfo<T> type, CancellationToken cancellationToken) where T : class
    {
        LiftServerLimit(request);
        Require(request.ContentLength ?? 0, options.MaxBodyBytes);
        using LimitedStream body = new(request.Body, options.MaxBodyBytes);
        try
        {
            return await JsonSerializer.DeserializeAsync(body, type, cancellationToken) ?? throw new JsonException("The body is null.");
        }
        catch (JsonException e)
        {
            string at = e.Path is { Length: > 2 } path ? $" at {path.TrimStart('$', '.')}" : "";
            throw new RetrievalException(ErrorKind.Invalid, $"The body is not a request of this route{at}: {e.Message.Split(" Path: ")[0]}", Field, inner: e);
        }
    }

    /// <summary>Limits are ours, not the server's, so that their errors speak the dialect.</summary>
    public static void LiftServerLimit(HttpRequest request)
    {
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            feature.MaxRequestBodySize = null;
        }
    }

    private static void Require(long bytes, long limit)
    {
        if (bytes > limit)
        {
            throw new RetrievalException(ErrorKind.TooLarge, string.Create(CultureInfo.InvariantCulture, $"The body has {bytes} bytes or more; the limit is {limit}."), Field, $"{bytes}", $"{limit} bytes",
                "Send fewer texts in one request, or raise Encoder:MaxBodyBytes.");
        }
    }

    /// <summary>A body whose length nobody said.</summary>
    private sealed class LimitedStream(Stream inner, long limit) : Stream
    {
        private long _read;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => _read; set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await inner.ReadAsync(buffer, cancellationToken);
            _read += read;
            Require(_read, limit);
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

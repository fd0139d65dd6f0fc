using System.Net;

namespace Retrieval.IntegrationTests.Server;

/// <summary>A body whose length is not said beforehand and that arrives in pieces.</summary>
internal sealed class TrickleContent : HttpContent
{
    private readonly byte[] _bytes;
    private readonly int _piece;

    public TrickleContent(byte[] bytes, int piece, string mediaType = "application/x-ndjson")
    {
        (_bytes, _piece) = (bytes, piece);
        Headers.ContentType = new(mediaType);
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        for (int at = 0; at < _bytes.Length; at += _piece)
        {
            await stream.WriteAsync(_bytes.AsMemory(at, Math.Min(_piece, _bytes.Length - at)));
            await stream.FlushAsync();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

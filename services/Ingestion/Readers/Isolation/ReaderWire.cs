using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Retrieval.Contracts;

namespace Retrieval.Ingestion.Readers.Isolation;

/// <summary>What a reading process is asked, before the bytes of the file.</summary>
internal sealed record ReadOrder(string MediaType, string Name, string? Url, int MaxCharacters, double Seconds);

/// <summary>What it answers: a text or a reason.</summary>
/// <param name="Text">Null when there is a problem.</param>
/// <param name="Problem">Null when there is a text.</param>
/// <param name="Ends">The process ends itself behind this answer: its memory is no longer to be trusted.</param>
internal sealed record ReadAnswer(ReadText? Text, Problem? Problem, bool Ends = false);

/// <summary>Blocks with their length before them, over the standard streams.</summary>
[JsonSerializable(typeof(ReadOrder))]
[JsonSerializable(typeof(ReadAnswer))]
internal sealed partial class ReaderWire : JsonSerializerContext
{
    /// <summary>Writes a value.</summary>
    public static Task WriteAsync<T>(Stream stream, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken) => WriteAsync(stream, JsonSerializer.SerializeToUtf8Bytes(value, type), cancellationToken);

    /// <summary>Writes bytes.</summary>
    public static async Task WriteAsync(Stream stream, byte[] block, CancellationToken cancellationToken)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, block.Length);
        await stream.WriteAsync(length, cancellationToken).ConfigureAwait(false);
        await stream.WriteAsync(block, cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The next block; null at the end of the stream.</summary>
    /// <exception cref="InvalidDataException">It is longer than the bound.</exception>
    public static async Task<byte[]?> ReadAsync(Stream stream, long most, CancellationToken cancellationToken)
    {
        byte[] length = new byte[4];
        if (await stream.ReadAtLeastAsync(length, 4, false, cancellationToken).ConfigureAwait(false) < 4)
        {
            return null;
        }
        int bytes = BinaryPrimitives.ReadInt32LittleEndian(length);
        if (bytes < 0 || bytes > most)
        {
            throw new InvalidDataException($"A block of {bytes} bytes; the bound is {most}.");
        }
        byte[] block = new byte[bytes];
        await stream.ReadExactlyAsync(block, cancellationToken).ConfigureAwait(false);
        return block;
    }
}

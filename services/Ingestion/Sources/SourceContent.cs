using System.Security.Cryptography;
using Retrieval.Contracts;

namespace Retrieval.Ingestion.Sources;

/// <summary>The bytes of a file as they were at one moment, with their hash.</summary>
/// <param name="Bytes">All of them.</param>
/// <param name="Sha256">Lower-case hex.</param>
internal sealed record SourceContent(byte[] Bytes, string Sha256)
{
    private const int Tries = 3;

    /// <summary>Reads a file.</summary>
    /// <exception cref="RetrievalException">Invalid or TooLarge: it is empty, too large, or written while it is read.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static async Task<SourceContent> ReadAsync(SourceFile file, long maxBytes, CancellationToken cancellationToken)
    {
        for (int i = 0; i < Tries; i++)
        {
            FileInfo before = new(file.FullPath);
            if (before.Length == 0)
            {
                // Not opened: pipes, sockets and devices have no length either, and reading from them may never end.
                throw new RetrievalException(ErrorKind.Invalid, "The file is empty and has no text.", "body", "0 bytes", help: "Leave it out.");
            }
            if (before.Length > maxBytes)
            {
                throw new RetrievalException(ErrorKind.TooLarge, $"The file has {before.Length} bytes.", "body", $"{before.Length}", $"{maxBytes} bytes", "Split it, or raise the limit.");
            }
            byte[] bytes = await ReadAsync(file.FullPath, before.Length, cancellationToken).ConfigureAwait(false);
            FileInfo after = new(file.FullPath);
            if (bytes.Length == before.Length && after.Exists && (after.Length, after.LastWriteTimeUtc) == (before.Length, before.LastWriteTimeUtc))
            {
                return new SourceContent(bytes, Convert.ToHexStringLower(SHA256.HashData(bytes)));
            }
        }
        throw new RetrievalException(ErrorKind.Invalid, "The file is being written while it is read.", "body", help: "Index it again when it is finished.");
    }

    /// <summary>At most one byte more than the file had, however it grows.</summary>
    private static async Task<byte[]> ReadAsync(string path, long length, CancellationToken cancellationToken)
    {
        await using FileStream stream = new(path, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, Options = FileOptions.Asynchronous | FileOptions.SequentialScan });
        byte[] bytes = new byte[length + 1];
        int read = await stream.ReadAtLeastAsync(bytes, bytes.Length, false, cancellationToken).ConfigureAwait(false);
        return bytes[..read];
    }
}

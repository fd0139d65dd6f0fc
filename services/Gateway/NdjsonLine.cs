using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Retrieval.Gateway;

/// <summary>One line of a body that is not blank.</summary>
/// <param name="Json">The line; empty when it was too long.</param>
/// <param name="Length">Bytes of the line.</param>
/// <param name="IsTooLong">It was over the limit and was skipped.</param>
internal readonly record struct NdjsonLine(ReadOnlyMemory<byte> Json, long Length, bool IsTooLong)
{
    /// <summary>The lines as they arrive; one that is over the limit is passed over without keeping it.</summary>
    public static async IAsyncEnumerable<NdjsonLine> ReadAsync(PipeReader body, long limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long skipped = 0, searched = 0; // bytes of this line that were let go; bytes at hand that hold no end
        while (true)
        {
            ReadResult read = await body.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> rest = read.Buffer;
            while (rest.Slice(searched).PositionOf((byte)'\n') is { } end)
            {
                if (Of(rest.Slice(0, end), skipped, limit) is { } line)
                {
                    yield return line;
                }
                (skipped, searched) = (0, 0);
                rest = rest.Slice(rest.GetPosition(1, end));
            }
            if (read.IsCompleted)
            {
                if (Of(rest, skipped, limit) is { } last)
                {
                    yield return last;
                }
                body.AdvanceTo(rest.End);
                yield break;
            }
            if (skipped + rest.Length > limit)
            {
                (skipped, searched) = (skipped + rest.Length, 0);
                body.AdvanceTo(rest.End);
            }
            else
            {
                searched = rest.Length;
                body.AdvanceTo(rest.Start, rest.End);
            }
        }
    }

    private static NdjsonLine? Of(ReadOnlySequence<byte> bytes, long skipped, long limit)
    {
        long length = skipped + bytes.Length;
        if (length > limit)
        {
            return new NdjsonLine(default, length, true);
        }
        ReadOnlyMemory<byte> line = bytes.ToArray();
        return line.Span.Trim(" \t\r"u8).IsEmpty ? null : new NdjsonLine(line, length, false);
    }
}

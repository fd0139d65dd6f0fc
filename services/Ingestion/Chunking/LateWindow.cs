using System.Globalization;
using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Ingestion.Chunking;

/// <summary>
/// What the model reads at once of a document whose chunks are pooled late (arXiv 2409.04701, section 3.1: long documents in overlapping windows). Windows begin and
/// end with chunks; of the chunks that two windows share, the first half is pooled in the first window and the second in the second, so that each sees words on both sides.
/// </summary>
/// <param name="Text">Title and text.</param>
/// <param name="Spans">Parts of it that get a vector.</param>
/// <param name="Chunks">The chunk of each part.</param>
internal sealed record LateWindow(string Text, IReadOnlyList<TextSpan> Spans, IReadOnlyList<int> Chunks)
{
    /// <summary>Share of a window that it repeats of the one before it.</summary>
    private const int Repeated = 4;

    /// <summary>The windows of a document.</summary>
    /// <param name="text">The document's.</param>
    /// <param name="title">Before each window.</param>
    /// <param name="chunks">In order.</param>
    /// <param name="room">Tokens for text.</param>
    /// <param name="tokenizer">Counts.</param>
    public static List<LateWindow> Of(string text, string? title, List<Chunk> chunks, int room, Tokenizer tokenizer)
    {
        List<(int First, int Last)> ranges = [];
        for (int first = 0, next = 0; next < chunks.Count;)
        {
            int last = next;
            while (last + 1 < chunks.Count && Count(first, last + 1) <= room)
            {
                last++;
            }
            ranges.Add((first, last));
            next = last + 1;
            first = next < chunks.Count ? Begin(first, next) : next;
        }
        return [.. ranges.Select((r, i) => Of(text, title, chunks, r, i == 0 ? 0 : Half(ranges[i - 1], r), i + 1 == ranges.Count ? chunks.Count : Half(r, ranges[i + 1])))];

        int Count(int from, int to) => tokenizer.Count(text.AsSpan(chunks[from].Start, chunks[to].End - chunks[from].Start));

        // Counted over all of it, so that the window is within the model's limit whatever the tokenizer does between chunks.
        int Begin(int previous, int next)
        {
            int begin = next;
            while (begin - 1 > previous && Count(begin - 1, next - 1) <= room / Repeated && Count(begin - 1, next) <= room)
            {
                begin--;
            }
            return begin;
        }
    }

    /// <summary>The window with the parts of some of its chunks alone.</summary>
    public LateWindow Where(Func<int, bool> isWanted)
    {
        int[] kept = [.. Enumerable.Range(0, Chunks.Count).Where(i => isWanted(Chunks[i]))];
        return this with { Spans = [.. kept.Select(i => Spans[i])], Chunks = [.. kept.Select(i => Chunks[i])] };
    }

    /// <summary>A text for each chunk that tells its vector from every other: the window and its place there.</summary>
    public static List<string> Keys(List<LateWindow> windows, int chunks)
    {
        string[] keys = new string[chunks];
        foreach (LateWindow window in windows)
        {
            for (int i = 0; i < window.Spans.Count; i++)
            {
                keys[window.Chunks[i]] = string.Create(CultureInfo.InvariantCulture, $"late {window.Spans[i].Start} {window.Spans[i].End}\n{window.Text}");
            }
        }
        return [.. keys];
    }

    /// <summary>The first chunk that belongs to the later of two windows.</summary>
    private static int Half((int First, int Last) one, (int First, int Last) other) => other.First + ((one.Last + 1 - other.First) / 2);

    private static LateWindow Of(string text, string? title, List<Chunk> chunks, (int First, int Last) range, int from, int to)
    {
        int origin = chunks[range.First].Start, end = chunks[range.Last].End;
        string window = VectorSpace.Join(title, text[origin..end]);
        int lead = window.Length - (end - origin);
        int[] own = [.. Enumerable.Range(from, to - from)];
        // The title belongs to the document's first chunk, as it does where the document is one chunk.
        return new LateWindow(window, [.. own.Select(i => new TextSpan(i == 0 ? 0 : chunks[i].Start - origin + lead, chunks[i].End - origin + lead))], own);
    }
}

using Markdig.Syntax;
using Retrieval.Ingestion.Readers;

namespace Retrieval.Ingestion.Chunking;

/// <summary>The headings of a Markdown text, for the path from the outermost down to any place in it.</summary>
internal sealed class HeadingOutline
{
    private const int MostHeadings = 10_000, MostWords = 200;

    private readonly List<(int Start, int Parents, IReadOnlyList<string> Path)> _paths;

    private HeadingOutline(List<(int Start, int Parents, IReadOnlyList<string> Path)> paths) => _paths = paths;

    /// <summary>Of a text without headings.</summary>
    public static HeadingOutline None { get; } = new([]);

    /// <summary>Every path there is.</summary>
    public IEnumerable<IReadOnlyList<string>> Paths => _paths.Select(p => p.Path);

    /// <summary>Of a Markdown text; beyond a number of headings, which no document has, the last ones stand for all that follow.</summary>
    public static HeadingOutline Of(string text)
    {
        List<(int Start, int Parents, IReadOnlyList<string> Path)> paths = [];
        List<(int Level, string Words)> open = [];
        foreach (HeadingBlock heading in MarkdownBlocks.Parse(text).OfType<HeadingBlock>().Take(MostHeadings))
        {
            open.RemoveAll(h => h.Level >= heading.Level);
            int parents = open.Count;
            if (PlainReader.HeadingText(text, heading) is { } words)
            {
                open.Add((heading.Level, words.Length <= MostWords ? words : words[..(char.IsHighSurrogate(words[MostWords - 1]) ? MostWords - 1 : MostWords)]));
            }
            paths.Add((heading.Span.Start, parents, [.. open.Select(h => h.Words)]));
        }
        return new HeadingOutline(paths);
    }

    /// <summary>The headings above a place, outermost first; one that begins there counts when <paramref name="inclusive"/>.</summary>
    public IReadOnlyList<string> At(int start, bool inclusive)
    {
        int low = 0, high = _paths.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _paths[middle].Start <= start ? (middle + 1, high) : (low, middle);
        }
        if (low == 0)
        {
            return [];
        }
        (int at, int parents, IReadOnlyList<string> path) = _paths[low - 1];
        return at == start && !inclusive ? [.. path.Take(parents)] : path;
    }
}

using Retrieval.Vectors.Graph;
using Retrieval.Vectors.Lists;
using Retrieval.Vectors.Search;

namespace Retrieval.Storage;

/// <summary>What makes a search look at a part of the rows only.</summary>
internal enum Structure
{
    /// <summary>Nothing: each row is looked at.</summary>
    None,
    /// <summary>Inverted lists.</summary>
    Lists,
    /// <summary>A graph.</summary>
    Graph,
}

/// <summary>Appends a graph or lists to a segment file that is in use.</summary>
internal static class SegmentAppender
{
    /// <summary>A graph's sections.</summary>
    public static IReadOnlyList<NewSection> Of(HnswGraph graph) => [NewSection.Whole(SectionKind.Graph, graph.Bytes, write => write(GraphFormat.Write(graph)))];

    /// <summary>Lists' sections: with packed codes in the order of their lanes where the codec has them.</summary>
    public static IReadOnlyList<NewSection> Of(InvertedLists lists, SegmentPart part)
    {
        NewSection own = NewSection.Whole(SectionKind.Lists, lists.Image.Length, write => write(lists.Image));
        if (part.Packed is not { } layout)
        {
            return [own];
        }
        return [own, new NewSection(SectionKind.ListCodes, SegmentHead.CodeBlockRows(layout.BlockBytes) * layout.BlockBytes, (long)lists.Blocks * layout.BlockBytes, write =>
        {
            for (int block = 0; block < lists.Blocks; block++)
            {
                write(Packed(layout, part, lists, block));
            }
        })];
    }

    /// <summary>One block of packed codes.</summary>
    public static byte[] Packed(PackedLayout layout, SegmentPart part, InvertedLists lists, int block)
    {
        byte[] bytes = new byte[layout.BlockBytes];
        ReadOnlySpan<int> rows = lists.Lanes.Slice(block * PackedLayout.BlockRows, PackedLayout.BlockRows);
        for (int lane = 0; lane < rows.Length; lane++)
        {
            if (rows[lane] >= 0)
            {
                layout.Place(part.Code(rows[lane]), bytes, lane);
            }
        }
        return bytes;
    }

    /// <summary>Writes behind a file's end. First the sections, brought to the disk, then the head that names them: without it they are not there.</summary>
    public static void Append(FileStream file, SegmentHead last, IReadOnlyList<NewSection> sections)
    {
        long at = last.End;
        SegmentHead head = last with { Sections = SectionWriter.Places(sections, at + SegmentHead.Bytes) };
        file.Seek(at, SeekOrigin.Begin);
        file.Write(new byte[SegmentHead.Bytes]);
        SectionWriter.Write(file, sections, head.Sections);
        file.Flush(flushToDisk: true);
        file.Seek(at, SeekOrigin.Begin);
        file.Write(head.Write(appended: true));
        file.Flush(flushToDisk: true);
    }
}

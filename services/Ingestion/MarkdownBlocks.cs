using Markdig;
using Markdig.Syntax;

namespace Retrieval.Ingestion;

/// <summary>The top-level blocks of a Markdown text with their exact places in the source.</summary>
internal static class MarkdownBlocks
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().UsePreciseSourceLocation().Build();

    public static MarkdownDocument Parse(string text) => Markdown.Parse(text, Pipeline);

    /// <summary>
    /// What a chunk is packed from: sentences of paragraphs and lists; code, tables and quotes whole; a heading opens a section.
    /// The blocks' spans only say where to cut: what stands between them belongs to the unit before.
    /// </summary>
    public static List<ChunkUnit> Units(string text)
    {
        List<ChunkUnit> units = [];
        foreach (Block block in Parse(text))
        {
            int start = block.Span.Start, end = Math.Min(text.Length, block.Span.End + 1);
            if (block is ParagraphBlock or ListBlock)
            {
                units.AddRange(ChunkUnit.Sentences(text, start, end));
            }
            else if (start < end)
            {
                units.Add(new ChunkUnit(start, end, block is HeadingBlock));
            }
        }
        return units;
    }
}

using Markdig;
using Markdig.Parsers.Inlines;
using Markdig.Renderers;
using Markdig.Syntax;

namespace Retrieval.Ingestion.Chunking;

/// <summary>The top-level blocks of a Markdown text with their exact places in the source.</summary>
internal static class MarkdownBlocks
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().UseYamlFrontMatter().UsePreciseSourceLocation().Use<OnlyBlocks>().Build();

    /// <summary>Empty for a text that is nested too deeply to be meant as Markdown.</summary>
    public static MarkdownDocument Parse(string text)
    {
        try
        {
            return Markdown.Parse(text, Pipeline);
        }
        catch (ArgumentException) // the parser's own limit of depth
        {
            return [];
        }
    }

    /// <summary>
    /// What a chunk is packed from: sentences of paragraphs and lists; code, tables and quotes whole; a heading opens a section.
    /// The blocks' places only say where to cut: what stands between them belongs to the unit before, so that nothing is lost.
    /// </summary>
    public static List<ChunkUnit> Units(string text)
    {
        List<ChunkUnit> units = [];
        List<(int Start, Block Block)> blocks = Ascending(Parse(text));
        for (int i = 0; i < blocks.Count; i++)
        {
            int start = i == 0 ? 0 : blocks[i].Start, end = i + 1 < blocks.Count ? blocks[i + 1].Start : text.Length;
            if (blocks[i].Block is ParagraphBlock or ListBlock)
            {
                units.AddRange(ChunkUnit.Sentences(text, start, end));
            }
            else if (ChunkUnit.Trimmed(text, start, end, blocks[i].Block is HeadingBlock) is { } unit)
            {
                units.Add(unit);
            }
        }
        return units;
    }

    /// <summary>Links and emphasis say nothing about where to cut, and take the parser time that grows with the square of an unlucky text.</summary>
    private sealed class OnlyBlocks : IMarkdownExtension
    {
        public void Setup(MarkdownPipelineBuilder pipeline) =>
            pipeline.InlineParsers.RemoveAll(parser => parser is LinkInlineParser or EmphasisInlineParser or AutolinkInlineParser or HtmlEntityParser);

        public void Setup(MarkdownPipeline pipeline, IMarkdownRenderer renderer)
        {
        }
    }

    // Some blocks have no place of their own, such as the group of link definitions.
    private static List<(int Start, Block Block)> Ascending(MarkdownDocument document)
    {
        List<(int Start, Block Block)> blocks = [];
        foreach (Block block in document)
        {
            if (!block.Span.IsEmpty && (blocks.Count == 0 || block.Span.Start > blocks[^1].Start))
            {
                blocks.Add((block.Span.Start, block));
            }
        }
        return blocks;
    }
}

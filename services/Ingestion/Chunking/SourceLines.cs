namespace Retrieval.Ingestion.Chunking;

/// <summary>What source code and tables are packed from: paragraphs of lines. A paragraph over the limit goes line by line (<see cref="Chunker"/>).</summary>
internal static class SourceLines
{
    public static List<ChunkUnit> Units(string text)
    {
        List<ChunkUnit> units = [];
        int start = 0, at = 0;
        while (at < text.Length)
        {
            int newLine = text.IndexOf('\n', at), next = newLine < 0 ? text.Length : newLine + 1;
            if (text.AsSpan(at, next - at).IsWhiteSpace())
            {
                Add(start, at);
                start = next;
            }
            at = next;
        }
        Add(start, text.Length);
        return units;

        void Add(int from, int to)
        {
            if (ChunkUnit.Trimmed(text, from, to, false) is { } unit)
            {
                units.Add(unit);
            }
        }
    }
}

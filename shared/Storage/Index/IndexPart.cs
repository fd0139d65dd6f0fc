using System.Text.Json;
using Retrieval.Vectors;

namespace Retrieval.Storage;

/// <summary>A document's rows in one part of an index.</summary>
/// <param name="Key">The catalog's key.</param>
/// <param name="Seq">Change that wrote it.</param>
/// <param name="FirstRow">Its rows follow each other.</param>
/// <param name="Rows">One or more.</param>
internal readonly record struct DocumentRows(long Key, long Seq, int FirstRow, int Rows);

/// <summary>
/// A run of a collection's changes: rows with their vectors, the documents that they belong to, and the documents that were removed. Two kinds: in memory, which grows at its end,
/// and a sealed segment file. What is dead is not known here but in the snapshot.
/// </summary>
internal abstract class IndexPart(int dimensions, long fromSeq)
{
    /// <summary>Numbers a row.</summary>
    public int Dimensions { get; } = dimensions;

    /// <summary>The changes behind this one, up to <see cref="ToSeq"/>.</summary>
    public long FromSeq { get; } = fromSeq;

    /// <summary>Last change that is in.</summary>
    public abstract long ToSeq { get; }

    /// <summary>Rows in use, dead ones included.</summary>
    public abstract int Rows { get; }

    /// <summary>Documents with rows, replaced ones included, in the order of their rows.</summary>
    public abstract int Documents { get; }

    /// <summary>Documents that were removed by changes of this part.</summary>
    public abstract IReadOnlyCollection<(long Key, long Seq)> Removed { get; }

    /// <summary>The catalog's row of each row, ascending.</summary>
    public abstract ReadOnlySpan<long> Handles { get; }

    /// <summary>The vectors from a row to the end of its block: at least one.</summary>
    public abstract ReadOnlySpan<float> Vectors(int firstRow);

    /// <summary>A document by its index.</summary>
    public abstract DocumentRows Document(int index);

    /// <summary>Id of a document.</summary>
    public abstract string Id(int index);

    /// <summary>JSON of a document's metadata, in UTF-8; empty when it has none.</summary>
    public abstract ReadOnlySpan<byte> Metadata(int index);

    /// <summary>Index of the newest document with this key; negative when it is not here.</summary>
    public abstract int Find(long key);

    /// <summary>Of the first so many documents, those that pass.</summary>
    public abstract RowBitmap Passing(FilterPlan filter, int documents);

    /// <summary>A document's metadata as an element.</summary>
    protected JsonElement Element(int index) => Metadata(index) is { Length: > 0 } json ? JsonElement.Parse(json) : default;
}

/// <summary>What a snapshot sees of a part.</summary>
/// <param name="Part">The part.</param>
/// <param name="Rows">Rows that were in.</param>
/// <param name="Documents">Documents that were in.</param>
/// <param name="Live">Rows that can be found.</param>
internal sealed record PartSlice(IndexPart Part, int Rows, int Documents, RowBitmap Live)
{
    /// <summary>Rows that live and whose document passes.</summary>
    public RowBitmap Allowed(FilterPlan? filter)
    {
        if (filter is null)
        {
            return Live;
        }
        RowBitmap passing = Part.Passing(filter, Documents), allowed = new(Live.Rows);
        for (int i = 0; i < Documents; i++)
        {
            if (passing[i] && Part.Document(i) is var document && Live[document.FirstRow])
            {
                allowed.SetRange(document.FirstRow, document.Rows);
            }
        }
        return allowed;
    }

    /// <summary>Whether a document's rows can be found: all of them or none.</summary>
    public bool IsLive(in DocumentRows document) => Live[document.FirstRow];
}

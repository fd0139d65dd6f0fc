using System.Text;
using System.Text.Json;
using Retrieval.Vectors;

namespace Retrieval.Storage;

/// <summary>The newest changes, in memory. One follower appends; what a published snapshot sees is never rewritten, so readers take no lock.</summary>
internal sealed class MemoryPart(int dimensions, long fromSeq) : IndexPart(dimensions, fromSeq)
{
    private const int BlockRows = 1024;

    private readonly Dictionary<long, int> _byKey = [];
    private readonly Dictionary<long, long> _removed = [];
    private float[][] _blocks = [];
    private long[] _handles = [];
    private Content[] _documents = [];
    private int _rows, _count;
    private long _toSeq = fromSeq;

    /// <inheritdoc/>
    public override long ToSeq => _toSeq;

    /// <inheritdoc/>
    public override int Rows => _rows;

    /// <inheritdoc/>
    public override int Documents => _count;

    /// <inheritdoc/>
    public override IReadOnlyCollection<(long Key, long Seq)> Removed => [.. _removed.Select(r => (r.Key, r.Value))];

    /// <inheritdoc/>
    public override ReadOnlySpan<long> Handles => _handles;

    /// <summary>Takes a change in; its document's earlier rows are the caller's to bury.</summary>
    public void Append(DocumentChange change)
    {
        if (change.Chunks.Count == 0)
        {
            _removed[change.Document] = change.Seq;
            _byKey.Remove(change.Document);
        }
        else
        {
            Grow(ref _documents, _count + 1);
            DocumentRows rows = new(change.Document, change.Seq, _rows, change.Chunks.Count);
            _documents[_count] = new Content(rows, change.Id, change.Metadata is null ? [] : Encoding.UTF8.GetBytes(change.Metadata), FilterPlan.Element(change.Metadata));
            foreach ((long handle, float[] vector) in change.Chunks)
            {
                Append(handle, vector);
            }
            _removed.Remove(change.Document);
            _byKey[change.Document] = _count++;
        }
        _toSeq = change.Seq;
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<float> Vectors(int firstRow) => _blocks[firstRow / BlockRows].AsSpan(firstRow % BlockRows * Dimensions);

    /// <inheritdoc/>
    public override DocumentRows Document(int index) => _documents[index].Rows;

    /// <inheritdoc/>
    public override string Id(int index) => _documents[index].Id;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Metadata(int index) => _documents[index].Json;

    /// <inheritdoc/>
    public override int Find(long key) => _byKey.GetValueOrDefault(key, -1);

    /// <inheritdoc/>
    public override RowBitmap Passing(FilterPlan filter, int documents)
    {
        RowBitmap passing = new(documents);
        for (int i = 0; i < documents; i++)
        {
            passing[i] = filter.Holds(_documents[i].Metadata, _documents[i].Id);
        }
        return passing;
    }

    private void Append(long handle, ReadOnlySpan<float> vector)
    {
        if (_rows / BlockRows == _blocks.Length)
        {
            _blocks = [.. _blocks, GC.AllocateUninitializedArray<float>(BlockRows * Dimensions)];
        }
        vector.CopyTo(_blocks[_rows / BlockRows].AsSpan(_rows % BlockRows * Dimensions, Dimensions));
        Grow(ref _handles, _rows + 1);
        _handles[_rows++] = handle;
    }

    // A new array when it grows: readers keep the one that they have.
    private static void Grow<T>(ref T[] array, int needed)
    {
        if (needed > array.Length)
        {
            Array.Resize(ref array, Math.Max(needed, Math.Max(16, array.Length * 2)));
        }
    }

    private readonly record struct Content(DocumentRows Rows, string Id, byte[] Json, JsonElement Metadata);
}

using System.Runtime.InteropServices;
using System.Text;
using Retrieval.Vectors.Codecs;

namespace Retrieval.Storage;

/// <summary>Documents of several parts as one segment file.</summary>
internal sealed class SegmentWriter
{
    private const int BlockBytes = 1 << 20, Align = 64;

    private readonly Stream _stream;
    private readonly SegmentContent _content;
    private readonly SegmentCodec? _codec;
    private readonly byte[]? _graph;
    private readonly List<(SectionKind Kind, int BlockBytes, long Length, Action<Action<ReadOnlySpan<byte>>> Write)> _sections = [];

    private SegmentWriter(Stream stream, SegmentContent content, SegmentCodec? codec, byte[]? graph) => (_stream, _content, _codec, _graph) = (stream, content, codec, graph);

    /// <summary>Writes everything; the stream is flushed by its owner.</summary>
    /// <param name="stream">An empty file.</param>
    /// <param name="content">What goes in.</param>
    /// <param name="extras">How its vectors are coded, null: not at all; and the graph over its rows, null: none.</param>
    /// <param name="owner">Whose they are.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public static void Write(Stream stream, SegmentContent content, (SegmentCodec? Codec, byte[]? Graph) extras, CollectionRow owner, CancellationToken cancellationToken)
    {
        SegmentWriter writer = new(stream, content, extras.Codec, extras.Graph);
        writer.Plan(cancellationToken);
        writer.PlanExtras(cancellationToken);
        writer.Run(owner.Id, owner.Space);
    }

    private void Plan(CancellationToken cancellationToken)
    {
        IReadOnlyList<(IndexPart Part, int Index)> documents = _content.Documents;
        StoredDocument[] stored = new StoredDocument[documents.Count];
        string[] ids = new string[documents.Count];
        long text = 0;
        int row = 0;
        for (int i = 0; i < stored.Length; i++)
        {
            (IndexPart part, int index) = documents[i];
            DocumentRows rows = part.Document(index);
            ids[i] = part.Id(index);
            (int idBytes, int metadataBytes) = (Encoding.UTF8.GetByteCount(ids[i]), part.Metadata(index).Length);
            stored[i] = new StoredDocument(rows.Key, rows.Seq, row, rows.Rows, text, idBytes, metadataBytes);
            (row, text) = (row + rows.Rows, text + idBytes + metadataBytes);
        }
        int[] byKey = Order(stored.Length, (a, b) => stored[a].Key.CompareTo(stored[b].Key)), byId = Order(stored.Length, (a, b) => string.CompareOrdinal(ids[a], ids[b]));
        Add(SectionKind.Handles, row * (long)sizeof(long), write => Each(d => write(MemoryMarshal.AsBytes(d.Part.Handles.Slice(d.Rows.FirstRow, d.Rows.Rows)))));
        Add(SectionKind.Documents, stored.Length * (long)Marshal.SizeOf<StoredDocument>(), write => write(MemoryMarshal.AsBytes(stored.AsSpan())));
        Add(SectionKind.Text, text, write =>
        {
            for (int i = 0; i < ids.Length; i++)
            {
                write(Encoding.UTF8.GetBytes(ids[i]));
                write(documents[i].Part.Metadata(documents[i].Index));
            }
        });
        Add(SectionKind.ByKey, byKey.Length * (long)sizeof(int), write => write(MemoryMarshal.AsBytes(byKey.AsSpan())));
        Add(SectionKind.ById, byId.Length * (long)sizeof(int), write => write(MemoryMarshal.AsBytes(byId.AsSpan())));
        Add(SectionKind.Removed, _content.Removed.Count * 2L * sizeof(long), write => write(MemoryMarshal.AsBytes<long>(_content.Removed.SelectMany(r => (long[])[r.Key, r.Seq]).ToArray())));
        int dimensions = _content.Dimensions;
        _sections.Add((SectionKind.Vectors, SegmentHead.VectorBlockRows(dimensions) * dimensions * sizeof(float), row * (long)dimensions * sizeof(float), write => EachRun(run => write(MemoryMarshal.AsBytes(run)), cancellationToken)));
    }

    private void PlanExtras(CancellationToken cancellationToken)
    {
        if (_codec is not null)
        {
            byte[] bytes = _codec.Write();
            Codec codec = _codec.Codec;
            Add(SectionKind.Codec, bytes.Length, write => write(bytes));
            _sections.Add((SectionKind.Codes, SegmentHead.CodeBlockRows(codec.CodeBytes) * codec.CodeBytes, _content.Rows * (long)codec.CodeBytes, write => EachRun(run =>
            {
                byte[] codes = new byte[run.Length / codec.Dimensions * codec.CodeBytes];
                codec.Encode(run, codes);
                write(codes);
            }, cancellationToken)));
        }
        if (_graph is not null)
        {
            Add(SectionKind.Graph, _graph.Length, write => write(_graph));
        }
    }

    /// <summary>The vectors of all rows, run by run.</summary>
    private void EachRun(Action<ReadOnlySpan<float>> take, CancellationToken cancellationToken) => Each(d =>
    {
        cancellationToken.ThrowIfCancellationRequested();
        for (int at = d.Rows.FirstRow, end = at + d.Rows.Rows; at < end;)
        {
            ReadOnlySpan<float> block = d.Part.Vectors(at);
            int rows = Math.Min(block.Length / d.Part.Dimensions, end - at);
            take(block[..(rows * d.Part.Dimensions)]);
            at += rows;
        }
    });

    private void Add(SectionKind kind, long length, Action<Action<ReadOnlySpan<byte>>> write) => _sections.Add((kind, BlockBytes, length, write));

    private void Each(Action<(IndexPart Part, DocumentRows Rows)> take)
    {
        foreach ((IndexPart part, int index) in _content.Documents)
        {
            take((part, part.Document(index)));
        }
    }

    private void Run(long collection, string space)
    {
        List<Section> places = [];
        long at = SegmentHead.Bytes;
        foreach ((SectionKind kind, int blockBytes, long length, _) in _sections)
        {
            Section place = new(kind, blockBytes, at, length, Aligned(at + length));
            places.Add(place);
            at = Aligned(place.Checksums + place.Blocks * sizeof(uint));
        }
        _stream.Write(new SegmentHead(collection, space, _content.Dimensions, _content.Rows, _content.Documents.Count, _content.Removed.Count, _content.FromSeq, _content.ToSeq, places).Write());
        for (int i = 0; i < places.Count; i++)
        {
            Pad(places[i].Offset);
            uint[] checksums = WriteBlocks(places[i], _sections[i].Write);
            Pad(places[i].Checksums);
            _stream.Write(MemoryMarshal.AsBytes(checksums.AsSpan()));
        }
        Pad(at);
    }

    private uint[] WriteBlocks(Section place, Action<Action<ReadOnlySpan<byte>>> write)
    {
        uint[] checksums = new uint[place.Blocks];
        byte[] block = new byte[Math.Min(place.BlockBytes, place.Length)];
        int filled = 0, blocks = 0;
        void Flush()
        {
            checksums[blocks++] = SegmentHead.Checksum(block.AsSpan(0, filled));
            _stream.Write(block, 0, filled);
            filled = 0;
        }
        write(bytes =>
        {
            while (bytes.Length > 0)
            {
                int take = Math.Min(bytes.Length, block.Length - filled);
                bytes[..take].CopyTo(block.AsSpan(filled));
                filled += take;
                bytes = bytes[take..];
                if (filled == block.Length)
                {
                    Flush();
                }
            }
        });
        if (filled > 0)
        {
            Flush();
        }
        return checksums;
    }

    private void Pad(long offset) => _stream.Write(new byte[offset - _stream.Position]);

    private static long Aligned(long at) => (at + Align - 1) / Align * Align;

    private static int[] Order(int count, Comparison<int> compare)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        Array.Sort(order, compare);
        return order;
    }
}

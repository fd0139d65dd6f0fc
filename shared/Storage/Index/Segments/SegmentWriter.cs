using System.Runtime.InteropServices;
using System.Text;
using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Search;

namespace Retrieval.Storage;

/// <summary>Documents of several parts as one segment file.</summary>
internal sealed class SegmentWriter
{
    private readonly SegmentContent _content;
    private readonly List<NewSection> _sections = [];

    private SegmentWriter(SegmentContent content) => _content = content;

    /// <summary>Writes everything; the stream is flushed by its owner.</summary>
    /// <param name="stream">An empty file.</param>
    /// <param name="content">What goes in.</param>
    /// <param name="codec">How its vectors are coded; null: not at all.</param>
    /// <param name="owner">Whose they are.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public static void Write(Stream stream, SegmentContent content, SegmentCodec? codec, CollectionRow owner, CancellationToken cancellationToken)
    {
        SegmentWriter writer = new(content);
        writer.Plan(cancellationToken);
        if (codec is not null)
        {
            writer.PlanCodes(codec, cancellationToken);
        }
        IReadOnlyList<Section> places = SectionWriter.Places(writer._sections, SegmentHead.Bytes);
        stream.Write(new SegmentHead(owner.Id, owner.Space, content.Dimensions, content.Rows, content.Documents.Count, content.Removed.Count, content.FromSeq, content.ToSeq, places).Write());
        SectionWriter.Write(stream, writer._sections, places);
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
        _sections.Add(new NewSection(SectionKind.Vectors, SegmentHead.VectorBlockRows(dimensions) * dimensions * sizeof(float), row * (long)dimensions * sizeof(float), write => EachRun(run => write(MemoryMarshal.AsBytes(run)), cancellationToken)));
    }

    /// <summary>Codes row by row, and packed where they are of half bytes: those are gathered while the others are written, a small part of what the vectors take.</summary>
    private void PlanCodes(SegmentCodec chosen, CancellationToken cancellationToken)
    {
        byte[] bytes = chosen.Write();
        Codec codec = chosen.Codec;
        PackedLayout? layout = PackedLayout.Of(codec);
        byte[] packed = new byte[PackedLayout.Blocks(_content.Rows) * (layout?.BlockBytes ?? 0)];
        Add(SectionKind.Codec, bytes.Length, write => write(bytes));
        _sections.Add(new NewSection(SectionKind.Codes, SegmentHead.CodeBlockRows(codec.CodeBytes) * codec.CodeBytes, _content.Rows * (long)codec.CodeBytes, write =>
        {
            int row = 0;
            EachRun(run =>
            {
                byte[] codes = new byte[run.Length / codec.Dimensions * codec.CodeBytes];
                codec.Encode(run, codes);
                write(codes);
                for (int at = 0; layout is not null && at < codes.Length; at += codec.CodeBytes, row++)
                {
                    layout.Place(codes.AsSpan(at, codec.CodeBytes), packed.AsSpan(row / PackedLayout.BlockRows * layout.BlockBytes, layout.BlockBytes), row % PackedLayout.BlockRows);
                }
            }, cancellationToken);
        }));
        if (layout is not null)
        {
            _sections.Add(new NewSection(SectionKind.Packed, SegmentHead.CodeBlockRows(layout.BlockBytes) * layout.BlockBytes, packed.Length, write => write(packed)));
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

    private void Add(SectionKind kind, long length, Action<Action<ReadOnlySpan<byte>>> write) => _sections.Add(NewSection.Whole(kind, length, write));

    private void Each(Action<(IndexPart Part, DocumentRows Rows)> take)
    {
        foreach ((IndexPart part, int index) in _content.Documents)
        {
            take((part, part.Document(index)));
        }
    }

    private static int[] Order(int count, Comparison<int> compare)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        Array.Sort(order, compare);
        return order;
    }
}

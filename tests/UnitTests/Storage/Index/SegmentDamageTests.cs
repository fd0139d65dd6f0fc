using System.Buffers.Binary;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage.Index;

public sealed class SegmentDamageTests
{
    private const int Dimensions = 64, SealRows = 700;

    [Fact]
    public void A_damaged_block_of_vectors_is_named_and_read_again_and_the_file_is_written_again()
    {
        using TemporaryFolder folder = new();
        (IndexModel model, string file) = Sealed(folder.Path, 1);
        Section vectors = SegmentHead.Read(File.ReadAllBytes(file)).Sections.Single(s => s.Kind == SectionKind.Vectors);
        vectors.Blocks.ShouldBeGreaterThan(1);
        Flip(file, vectors.Offset + vectors.BlockBytes + 12_345);
        ListLogger logger = new();
        CollectionStore store = model.Open(folder.Path, SealRows, logger);
        logger.Lines.ShouldBeEmpty();
        model.ShouldBeFound(store, "with the damaged block");
        logger.Lines.Single().ShouldMatch($"^Block 1 of the vectors in segment {file} is damaged: it is out of use, and its \\d+ rows are read again from the catalog\\.$");
        store.Maintain(1, default).ShouldBeTrue();
        model.ShouldBeFound(store, "after it was written again");
        Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order().ShouldBe([Path.GetFileName(file) + ".aside", Path.GetFileName(file).Replace("-0.", "-1.", StringComparison.Ordinal)]);
        Close(store);
        CollectionStore next = model.Open(folder.Path, SealRows, logger = new());
        model.ShouldBeFound(next, "after a restart");
        logger.Lines.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Handles", "block 0 of its Handles is damaged")]
    [InlineData("Documents", "block 0 of its Documents is damaged")]
    [InlineData("Text", "block 0 of its Text is damaged")]
    [InlineData("ByKey", "block 0 of its ByKey is damaged")]
    [InlineData("ById", "block 0 of its ById is damaged")]
    [InlineData("head", "its head is damaged")]
    [InlineData("magic", "it is not a whole segment file")]
    [InlineData("empty", "it is not a whole segment file")]
    [InlineData("short", @"it has \d+ bytes of \d+: its end is missing")]
    [InlineData("newer", "it was written by a newer program: its format is version 99, this program knows \\d+")]
    [InlineData("other collection", "it belongs to collection 8, vector space a{32} with 64 dimensions, not to 7, a{32} with 64")]
    [InlineData("ahead", @"it holds changes up to 300, the catalog ends with 299")]
    public void A_file_that_cannot_be_used_is_named_with_the_reason_put_aside_and_replaced_from_the_rows(string damage, string reason)
    {
        using TemporaryFolder folder = new();
        (IndexModel model, string file) = Sealed(folder.Path, 2);
        byte[] bytes = File.ReadAllBytes(file);
        SegmentHead head = SegmentHead.Read(bytes);
        switch (damage)
        {
            case "head": bytes[60] ^= 1; break;
            case "magic": bytes[0] ^= 1; break;
            case "empty": bytes = []; break;
            case "short": bytes = bytes[..^5000]; break;
            case "newer": BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), 99); break;
            case "other collection": (head with { Collection = 8 }).Write().CopyTo(bytes, 0); break;
            case "ahead": break;
            default: bytes[head.Sections.Single(s => s.Kind.ToString() == damage).Offset + 3] ^= 0x10; break;
        }
        File.WriteAllBytes(file, bytes);
        ListLogger logger = new();
        CollectionStore store = damage == "ahead"
            ? CollectionStore.Open(model.Row with { Seq = 299 }, folder.Path, new IndexOptions { SealRows = SealRows }, new SegmentTools(SegmentTools.CreateFile, new RowSource(model.Vectors, logger), logger))
            : model.Open(folder.Path, SealRows, logger);
        logger.Lines.Single().ShouldMatch($"^Segment {file} is not used: {reason}\\. It was put aside as {file}\\.aside, and its vectors are read again from the catalog\\.$");
        store.Index.Snapshot.Seq.ShouldBe(0);
        store.Index.Apply(model.After(0));
        model.ShouldBeFound(store, damage);
        store.Maintain(1, default).ShouldBeTrue();
        model.ShouldBeFound(store, damage);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Whatever_bits_of_whatever_file_are_turned_what_is_found_stays_right(int seed)
    {
        using TemporaryFolder folder = new();
        Random random = new(seed);
        (IndexModel model, _) = Sealed(folder.Path, seed);
        CollectionStore store = model.Open(folder.Path, SealRows, new());
        for (int i = 0; i < 60; i++)
        {
            Close(store);
            string[] files = [.. Directory.GetFiles(folder.Path, "*.segment")];
            string file = files[random.Next(files.Length)];
            Flip(file, random.Next(4) == 0 ? random.Next(1000) : random.NextInt64(new FileInfo(file).Length));
            ListLogger logger = new();
            store = model.Open(folder.Path, SealRows, logger);
            store.Index.Apply([.. model.After(store.Index.Snapshot.Seq), .. model.Change(1)]);
            model.ShouldBeFound(store, $"seed {seed}, round {i}: {string.Join(' ', logger.Lines)}");
            store.Maintain(1, default).ShouldBeTrue();
            model.ShouldBeFound(store, $"seed {seed}, round {i}, maintained");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(5_000)]
    [InlineData(300_000)]
    public void A_full_disk_loses_nothing_is_said_and_ends_when_there_is_room(int room)
    {
        using TemporaryFolder folder = new();
        (IndexModel model, ListLogger logger) = (new(3, Dimensions), new());
        bool full = true;
        CollectionStore store = model.Open(folder.Path, SealRows, logger, path => full ? new ShortStream(path, room, failing: true) : SegmentTools.CreateFile(path));
        for (int i = 0; i < 3; i++)
        {
            store.Index.Apply(model.Change(400, 100_000));
            store.Maintain(30, default).ShouldBeFalse();
            model.ShouldBeFound(store, "while it is full");
        }
        logger.Lines[0].ShouldBe($"Vectors of collection c could not be written to {folder.Path}: No space left on device. They stay in memory, and it is tried again in 30 s.");
        Directory.GetFiles(folder.Path).ShouldBeEmpty();
        full = false;
        store.Maintain(30, default).ShouldBeTrue();
        store.Waiting.ShouldBe(0);
        model.ShouldBeFound(store, "with room");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(511)]
    [InlineData(5_000)]
    [InlineData(300_000)]
    public void A_write_that_the_disk_lost_the_end_of_is_found_out_and_nothing_is_lost(int kept)
    {
        using TemporaryFolder folder = new();
        (IndexModel model, ListLogger logger) = (new(4, Dimensions), new());
        CollectionStore store = model.Open(folder.Path, SealRows, logger, path => new ShortStream(path, kept, failing: false));
        store.Index.Apply(model.Change(400, 100_000));
        store.Maintain(30, default).ShouldBeFalse();
        model.ShouldBeFound(store, "in memory");
        logger.Lines[0].ShouldContain(" is not used: it ");
        // The same, found out by the next start: the name was there before the bytes were.
        File.Move(Directory.GetFiles(folder.Path).Single(), folder["000000000000-000000000400-5.segment"]);
        CollectionStore next = model.Open(folder.Path, SealRows, logger);
        next.Index.Snapshot.Seq.ShouldBe(0);
        next.Index.Apply(model.After(0));
        model.ShouldBeFound(next, "after a restart");
    }

    /// <summary>A store whose changes are in one file that nobody has open.</summary>
    private static (IndexModel Model, string File) Sealed(string folder, int seed)
    {
        IndexModel model = new(seed, Dimensions);
        ListLogger logger = new();
        CollectionStore store = model.Open(folder, SealRows, logger);
        store.Index.Apply(model.Change(300, 100_000));
        store.Maintain(1, default).ShouldBeTrue();
        store.Waiting.ShouldBe(0);
        Close(store);
        return (model, Directory.GetFiles(folder).Single());
    }

    private static void Close(CollectionStore store)
    {
        foreach (SegmentPart part in store.Index.Snapshot.Slices.Select(s => s.Part).OfType<SegmentPart>())
        {
            part.Dispose();
        }
    }

    private static void Flip(string file, long at)
    {
        using FileStream stream = new(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = at;
        int old = stream.ReadByte();
        stream.Position = at;
        stream.WriteByte((byte)(old ^ 0x04));
    }

    /// <summary>A disk with so much room: then it fails, or it loses what comes.</summary>
    private sealed class ShortStream(string path, int room, bool failing) : FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 0)
    {
        private long _position;

        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> buffer) => Write(buffer.ToArray(), 0, buffer.Length);

        public override void Write(byte[] buffer, int offset, int count)
        {
            int fits = (int)Math.Clamp(room - _position, 0, count);
            base.Write(buffer, offset, fits);
            _position += count;
            if (failing && fits < count)
            {
                throw new IOException("No space left on device.");
            }
        }
    }
}

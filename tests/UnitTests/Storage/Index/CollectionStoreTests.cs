using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage.Index;

public sealed class CollectionStoreTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Sealing_merging_and_restarts_at_any_moment_keep_results_equal_to_a_plain_scan_and_old_snapshots_stay_true(int seed)
    {
        using TemporaryFolder folder = new();
        (Random random, IndexModel model, ListLogger logger) = (new(seed), new(seed + 100), new());
        CollectionStore store = model.Open(folder.Path, 60, logger);
        List<(IndexSnapshot Snapshot, float[] Query, FilterPlan? Filter, List<(long, float)> Expected)> published = [];
        (int merges, int restarts, int mostParts) = (0, 0, 0);
        for (int step = 0; step < 300; step++)
        {
            store.Index.Apply(model.Change(random.Next(1, 12)));
            if (random.Next(3) == 0)
            {
                int before = store.Index.Snapshot.Slices.Count;
                store.Maintain(1, default).ShouldBeTrue();
                merges += store.Index.Snapshot.Slices.Count < before ? 1 : 0;
            }
            if (random.Next(20) == 0)
            {
                store = model.Open(folder.Path, 60, logger);
                store.Index.Apply([.. model.After(store.Index.Snapshot.Seq), .. model.Change(1)]);
                restarts++;
            }
            string because = $"seed {seed}, step {step}";
            model.ShouldBeFound(store, because);
            (float[] query, Filter? filter) = (model.Vector(), model.Filter());
            published.Add((store.Index.Snapshot, query, FilterReader.Read(filter), model.Expected(query, 10, filter)));
            published = published.Count > 30 ? published[^15..] : published;
            foreach ((IndexSnapshot old, float[] asked, FilterPlan? by, List<(long, float)> expected) in published)
            {
                old.Search(asked, 10, by, IndexModel.Effort, default).ShouldBe(expected, $"{because}, snapshot {old.Seq}");
            }
            mostParts = Math.Max(mostParts, store.Index.Snapshot.Slices.Count);
        }
        logger.Lines.ShouldBeEmpty();
        merges.ShouldBeGreaterThan(5);
        restarts.ShouldBeGreaterThan(3);
        mostParts.ShouldBeInRange(3, 40);
        Directory.GetFiles(folder.Path).Length.ShouldBe(store.Index.Snapshot.Slices.Count(s => s.Part is SegmentPart));
    }

    [Fact]
    public void A_start_maps_the_files_and_needs_only_the_changes_behind_them()
    {
        using TemporaryFolder folder = new();
        (IndexModel model, ListLogger logger) = (new(1), new());
        CollectionStore store = model.Open(folder.Path, 100, logger);
        store.Index.Apply(model.Change(400));
        store.Maintain(1, default).ShouldBeTrue();
        long isSealed = model.Seq;
        store.Index.Apply(model.Change(5));
        CollectionStore next = model.Open(folder.Path, 100, logger);
        next.Index.Snapshot.Seq.ShouldBe(isSealed);
        next.Index.Apply(model.After(isSealed));
        model.ShouldBeFound(next, "after the start");
        next.Index.Snapshot.Slices.Count.ShouldBe(2);
    }

    [Fact]
    public void Of_a_merged_file_and_those_that_it_was_made_of_the_merged_one_is_used_and_the_others_go()
    {
        using TemporaryFolder folder = new(), kept = new();
        (IndexModel model, ListLogger logger) = (new(2), new());
        CollectionStore store = model.Open(folder.Path, 100, logger);
        for (int i = 0; i < 4; i++)
        {
            // As a crash leaves them: between the name of the new file and the removal of the old ones.
            store.Index.Apply(model.Change(30));
            store.Maintain(1, default);
            foreach (string file in Directory.GetFiles(folder.Path))
            {
                File.Copy(file, kept[Path.GetFileName(file)], true);
            }
        }
        string[] merged = Directory.GetFiles(folder.Path);
        foreach (string file in Directory.GetFiles(kept.Path).Where(f => !File.Exists(folder[Path.GetFileName(f)])))
        {
            File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)), true);
        }
        Directory.GetFiles(folder.Path).Length.ShouldBeGreaterThan(merged.Length);
        File.WriteAllBytes(folder["000000000000-000000000009-0.segment.unfinished"], [1, 2, 3]);
        CollectionStore next = model.Open(folder.Path, 100, logger);
        next.Index.Apply([.. model.After(next.Index.Snapshot.Seq), .. model.Change(1)]);
        model.ShouldBeFound(next, "after the crash");
        Directory.GetFiles(folder.Path).ShouldBe(merged, ignoreOrder: true);
        logger.Lines.ShouldBeEmpty();
    }

    [Fact]
    public void When_most_rows_of_a_file_are_dead_it_is_written_again_without_them()
    {
        using TemporaryFolder folder = new();
        (IndexModel model, ListLogger logger) = (new(3), new());
        CollectionStore store = model.Open(folder.Path, 50, logger);
        store.Index.Apply(model.Change(300, keys: 1_000_000));
        store.Maintain(1, default);
        long size = new FileInfo(Directory.GetFiles(folder.Path).Single()).Length;
        store.Index.Apply(model.Remove(model.After(0).Where(c => c.Seq % 4 != 0).Select(c => c.Document)));
        store.Index.Snapshot.Slices.Sum(s => s.Rows).ShouldBeGreaterThan(2 * (int)store.Index.Snapshot.Live);
        store.Maintain(1, default);
        store.Index.Snapshot.Slices.Sum(s => s.Rows).ShouldBe((int)store.Index.Snapshot.Live);
        Directory.GetFiles(folder.Path).Sum(f => new FileInfo(f).Length).ShouldBeLessThan(size / 2);
        model.ShouldBeFound(store, "after the removal");
        CollectionStore next = model.Open(folder.Path, 50, logger);
        next.Index.Snapshot.Seq.ShouldBe(model.Seq);
        model.ShouldBeFound(next, "after a restart");
    }

    [Fact]
    public void A_start_and_a_search_over_files_take_a_small_part_of_their_size_from_the_heap()
    {
        using TemporaryFolder folder = new();
        (IndexModel model, ListLogger logger) = (new(4, 256), new());
        CollectionStore store = model.Open(folder.Path, 100, logger);
        store.Index.Apply(model.Change(1000, keys: 1_000_000));
        store.Maintain(1, default).ShouldBeTrue();
        long size = new FileInfo(Directory.GetFiles(folder.Path).Single()).Length, before = GC.GetAllocatedBytesForCurrentThread();
        model.Open(folder.Path, 100, logger).Index.Snapshot.Search(model.Vector(), 10, null, IndexModel.Effort, default).Count.ShouldBe(10);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(size / 20);
    }
}

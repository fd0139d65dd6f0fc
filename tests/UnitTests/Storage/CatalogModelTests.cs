using Retrieval.Contracts;
using Retrieval.Storage;
using Retrieval.Vectors;

namespace Retrieval.UnitTests.Storage;

public sealed class CatalogModelTests
{
    private const int Operations = 5000, Seeds = 4, FullSeeds = 40;

    /// <summary>5,000 operations of each of four seeds; 200,000 in all with RETRIEVAL_FULL=1.</summary>
    public static TheoryData<int> AllSeeds => [.. Enumerable.Range(1, Environment.GetEnvironmentVariable("RETRIEVAL_FULL") == "1" ? FullSeeds : Seeds)];

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public async Task Catalog_and_index_agree_with_plain_dictionaries_after_any_operations(int seed)
    {
        await using ModelRun run = await ModelRun.StartAsync(seed);
        for (int done = 1; done <= Operations; done++)
        {
            await run.StepAsync();
            if (done % 50 == 0)
            {
                await run.CheckAsync();
            }
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}: {string.Join(", ", run.Done.Select(d => $"{d.Key} {d.Value}"))}, {run.Kills} kills and {run.Restores} restores that changed something, {Operations / 50} comparisons of everything");
        run.Kills.ShouldBeGreaterThan(5, $"seed {seed}");
        run.Restores.ShouldBeGreaterThan(5, $"seed {seed}");
    }

    private sealed class ModelRun : IAsyncDisposable
    {
        private readonly Random _random;
        private readonly ModelData _data;
        private readonly ManualClock _clock = new();
        private readonly CatalogModel _model = new();
        private readonly List<Job> _hands = []; // attempts that workers believe to hold, stale ones too
        private readonly string _seed;
        private OpenedCatalog _opened = null!;
        private EmbeddedIndex _index = null!;
        private int _created;

        private ModelRun(int seed) => (_random, _data, _seed) = (new Random(seed), new ModelData(new Random(seed + 1000)), $"seed {seed}");

        private Catalog Catalog => _opened.Catalog;

        public static async Task<ModelRun> StartAsync(int seed)
        {
            ModelRun run = new(seed);
            run._opened = await OpenedCatalog.CreateAsync(run._clock);
            await run.IndexAsync();
            await run.CreateAsync();
            return run;
        }

        public async ValueTask DisposeAsync()
        {
            await _index.DisposeAsync();
            await _opened.DisposeAsync();
        }

        /// <summary>How often each operation was done.</summary>
        public SortedDictionary<string, int> Done { get; } = [];

        public Task StepAsync()
        {
            (string name, Func<Task> step) = _random.Next(100) switch
            {
                < 2 => ("create", (Func<Task>)CreateAsync),
                < 3 => ("delete collection", DeleteCollectionAsync),
                < 35 => ("accept", AcceptAsync),
                < 45 => ("claim", ClaimAsync),
                < 65 => ("begin", BeginAsync),
                < 83 => ("finish", FinishAsync),
                < 90 => ("fail", FailAsync),
                < 93 => ("extend", ExtendAsync),
                < 96 => ("advance", AdvanceAsync),
                < 97 => ("restore", RestoreAsync),
                < 98 => ("kill", KillAsync),
                < 99 => ("reopen", ReopenAsync),
                _ => ("release", ReleaseAsync),
            };
            Done[name] = Done.GetValueOrDefault(name) + 1;
            return step();
        }

        public int Kills { get; private set; }

        public int Restores { get; private set; }

        private async Task IndexAsync()
        {
            _index = OpenedCatalog.CreateIndex(Catalog, 30);
            await _index.StartAsync(default);
        }

        private async Task CreateAsync()
        {
            string name = $"c{_random.Next(4)}";
            CollectionRow row = await Catalog.PutCollectionAsync(name, "model", OpenedCatalog.Space(ModelData.Dimensions), new ChunkingSettings { MaxTokens = ++_created }, default);
            row.Chunking.MaxTokens.ShouldBe(_created, _seed);
            if (_model.Collections.TryGetValue(name, out ModelCollection? existing))
            {
                row.Id.ShouldBe(existing.Row.Id, _seed);
                existing.Row = row;
            }
            else
            {
                _model.Collections[name] = new ModelCollection(row);
            }
        }

        private async Task DeleteCollectionAsync()
        {
            string name = $"c{_random.Next(4)}";
            (await Catalog.DeleteCollectionAsync(name, default)).ShouldBe(_model.Collections.TryGetValue(name, out ModelCollection? collection), _seed);
            if (collection is not null)
            {
                _model.Remove(collection);
            }
        }

        private async Task AcceptAsync()
        {
            if (Any(_model.Collections.Values) is not { } collection)
            {
                return;
            }
            string id = $"d{_random.Next(12)}";
            long last = collection.Documents.GetValueOrDefault(id)?.Accepted ?? 0;
            long? version = _random.Next(3) == 0 ? Math.Max(1, last + _random.Next(-2, 4)) : null;
            JobKind kind = _random.Next(4) == 0 ? JobKind.Delete : JobKind.Upsert;
            DocumentInput input = kind == JobKind.Delete ? new DocumentInput { Id = id, Version = version } : _data.Document(id, version);
            Job job = await Catalog.AcceptAsync(collection.Row, kind, (JobQueue)_random.Next(2), input, "text/plain", default);
            job.Status.ShouldBe(_model.Accept(collection, job, input), _seed);
            job.Version.ShouldBe(_model.Jobs[job.Id].Version, _seed);
        }

        private async Task ClaimAsync()
        {
            JobQueue queue = (JobQueue)_random.Next(2);
            int most = _random.Next(1, 8);
            List<ModelJob> due = _model.Due(queue, _clock.GetUtcNow());
            IReadOnlyList<Guid> claimed = await Catalog.ClaimDueAsync(queue, most, OpenedCatalog.Lease, default);
            // Those that a process died with twice go one at a time.
            bool suspectIsOut = _model.Open.Any(j => j.Crashes >= 2 && j.LeaseUntil > _clock.GetUtcNow());
            List<ModelJob> suspects = due.FindAll(j => j.Crashes >= 2);
            claimed.Count.ShouldBe(Math.Min(most, due.Count - suspects.Count + (suspects.Count > 0 && !suspectIsOut ? 1 : 0)), _seed);
            claimed.Count(id => _model.Jobs[id].Crashes >= 2).ShouldBeLessThanOrEqualTo(suspectIsOut ? 0 : 1, _seed);
            claimed.Except(due.Select(d => d.Id)).ShouldBeEmpty(_seed);
            claimed.Distinct().Count().ShouldBe(claimed.Count, _seed);
            foreach (Guid id in claimed)
            {
                _model.Jobs[id].Crashes += _model.Jobs[id].Status == DocumentStatus.Processing ? 1 : 0;
                (_model.Jobs[id].Status, _model.Jobs[id].LeaseUntil) = (DocumentStatus.Accepted, _clock.GetUtcNow() + OpenedCatalog.Lease);
            }
        }

        private async Task BeginAsync()
        {
            if (Any(_random.Next(3) == 0 ? _model.Jobs.Values : _model.Open) is not { } job)
            {
                return;
            }
            bool accepted = job.Status == DocumentStatus.Accepted, newest = job.Document.Accepted <= job.Version, expected = accepted && newest && job.NextAttempt <= _clock.GetUtcNow();
            Job? begun = await Catalog.BeginAsync(job.Id, OpenedCatalog.Lease, default);
            (begun is not null).ShouldBe(expected, _seed);
            if (begun is null)
            {
                job.Status = accepted && !newest ? DocumentStatus.Superseded : job.Status;
                return;
            }
            (job.Status, job.LeaseUntil, job.Attempts) = (DocumentStatus.Processing, _clock.GetUtcNow() + OpenedCatalog.Lease, job.Attempts + 1);
            begun.Attempts.ShouldBe(job.Attempts, _seed);
            _hands.Add(begun);
        }

        private async Task FinishAsync()
        {
            if (Hand() is not { } hand)
            {
                return;
            }
            bool writes = _model.MayWrite(hand.Id);
            List<ModelChunk> chunks = hand.Kind == JobKind.Delete ? [] : _data.Chunks(hand.Payload!);
            long seq = hand.Kind == JobKind.Delete ? await Catalog.RemoveAsync(hand, default) : await Catalog.StoreAsync(hand, hand.Payload!,
                [.. chunks.Select(c => new NewChunk(c.Ordinal, c.Start, c.End, 1, c.Vector, new byte[32]))], OpenedCatalog.Space(ModelData.Dimensions).Id, [], default);
            if (writes)
            {
                CatalogModel.Write(_model.Jobs[hand.Id], hand.Kind == JobKind.Delete ? null : hand.Payload, chunks);
            }
            seq.ShouldBe(writes ? _model.Jobs[hand.Id].Collection.Seq : 0, _seed);
        }

        private async Task FailAsync()
        {
            if (Hand() is not { } hand)
            {
                return;
            }
            DateTimeOffset? next = _random.Next(3) == 0 ? null : _clock.GetUtcNow().AddMinutes(_random.Next(20));
            await Catalog.FailAsync(hand, "a reason", null, next, default);
            if (_model.Jobs.TryGetValue(hand.Id, out ModelJob? job) && job.IsOpen && job.Attempts == hand.Attempts)
            {
                (job.Status, job.LeaseUntil, job.NextAttempt) = (next is null ? DocumentStatus.Failed : DocumentStatus.Accepted, default, next ?? default);
            }
        }

        private async Task ExtendAsync()
        {
            if (_hands.Count == 0)
            {
                return;
            }
            Job hand = _hands[_random.Next(_hands.Count)];
            bool held = _model.MayWrite(hand.Id) && _model.Jobs[hand.Id] is { Status: DocumentStatus.Processing } job && job.Attempts == hand.Attempts;
            (await Catalog.ExtendLeaseAsync(hand, OpenedCatalog.Lease, default)).ShouldBe(held, _seed);
            if (held)
            {
                _model.Jobs[hand.Id].LeaseUntil = _clock.GetUtcNow() + OpenedCatalog.Lease;
            }
        }

        private Task AdvanceAsync()
        {
            _clock.Advance(TimeSpan.FromMinutes(_random.Next(-3, 12)));
            return Task.CompletedTask;
        }

        private async Task ReopenAsync()
        {
            await _index.DisposeAsync();
            await _opened.ReopenAsync();
            await IndexAsync();
        }

        /// <summary>The files as they are, whatever is being written to those of the index, and everything in memory gone.</summary>
        private async Task KillAsync()
        {
            await _opened.KillAsync(_index);
            await IndexAsync();
            Kills++;
        }

        /// <summary>A snapshot of a collection in the place of another, or of itself.</summary>
        private async Task RestoreAsync()
        {
            if (Any(_model.Collections.Values) is not { } source)
            {
                return;
            }
            using MemoryStream snapshot = new();
            await using (Stream read = await Catalog.SnapshotAsync(source.Row, default))
            {
                await read.CopyToAsync(snapshot);
            }
            string name = $"c{_random.Next(4)}";
            if (_model.Collections.TryGetValue(name, out ModelCollection? there))
            {
                snapshot.Position = 0;
                (await Should.ThrowAsync<RetrievalException>(() => Catalog.RestoreAsync(name, snapshot, default))).Problem.Kind.ShouldBe(ErrorKind.Conflict, _seed);
                await Catalog.DeleteCollectionAsync(name, default);
                _model.Remove(there);
            }
            snapshot.Position = 0;
            ModelCollection restored = _model.Restore(source, await Catalog.RestoreAsync(name, snapshot, default));
            foreach (ModelDocument document in restored.Documents.Values)
            {
                DocumentInfo found = (await Catalog.FindDocumentAsync(restored.Row, document.Id, default))!;
                found.Status.ShouldBe(DocumentStatus.Indexed, _seed);
            }
            Restores++;
        }

        private async Task ReleaseAsync()
        {
            await Catalog.ReleaseLeasesAsync(default);
            foreach (ModelJob job in _model.Open)
            {
                job.Crashes += job.Status == DocumentStatus.Processing ? 1 : 0;
                (job.Status, job.LeaseUntil) = (DocumentStatus.Accepted, default);
            }
        }

        public async Task CheckAsync()
        {
            Catalog.OpenJobs.ShouldBe(_model.Open.Count(), _seed);
            (await Catalog.ListCollectionsAsync(default)).Select(c => c.Name).ShouldBe(_model.Collections.Keys.Order(StringComparer.Ordinal), _seed);
            foreach (ModelJob job in _model.Jobs.Values)
            {
                Job? found = await Catalog.FindJobAsync(job.Id, default);
                (found?.Status, found?.Attempts, found?.Version).ShouldBe((job.Status, job.Attempts, job.Version), _seed);
            }
            foreach (ModelCollection collection in _model.Collections.Values)
            {
                await CheckCountsAsync(collection);
                await CheckDocumentsAsync(collection);
                await _index.WaitForSeqAsync(collection.Row.Id, collection.Seq, default).WaitAsync(TimeSpan.FromSeconds(30));
                await CheckDenseAsync(collection, 10_000, null);
                await CheckDenseAsync(collection, _random.Next(1, 8), _data.Filter());
                await CheckLexicalAsync(collection, _data.Filter());
            }
        }

        private async Task CheckCountsAsync(ModelCollection collection)
        {
            CollectionInfo info = await Catalog.DescribeCollectionAsync(collection.Row.Name, default);
            (info.Documents, info.Chunks, info.OpenJobs, info.Seq).ShouldBe(
                (collection.Live.Count(), collection.Chunks().Count(), _model.Open.Count(j => j.Collection == collection), collection.Seq), _seed);
        }

        private async Task CheckDocumentsAsync(ModelCollection collection)
        {
            List<ModelDocument> shown = [.. collection.Documents.Values.Where(d => d.Live || d.Latest!.Kind == JobKind.Upsert).OrderBy(d => d.Id, StringComparer.Ordinal)];
            List<string> listed = [];
            for (string? after = null; listed.Count == 0 || after is not null;)
            {
                DocumentList page = await Catalog.ListDocumentsAsync(collection.Row, after, 5, default);
                listed.AddRange(page.Documents.Select(d => $"{d.Id} {d.Status} {d.Generation} {d.Chunks}"));
                if ((after = page.Next) is null)
                {
                    break;
                }
            }
            listed.ShouldBe(shown.Select(d => $"{d.Id} {d.Latest!.Status} {d.Generation} {d.Chunks.Count}"), _seed);
            foreach (ModelDocument document in collection.Documents.Values)
            {
                DocumentInfo? found = await Catalog.FindDocumentAsync(collection.Row, document.Id, default);
                DocumentInput? expected = document.Live ? document.Content : document.Latest!.Kind == JobKind.Upsert ? document.Latest.Input : null;
                (found?.Title, found?.Text).ShouldBe((expected?.Title, expected?.Text), _seed);
                found?.Version.ShouldBe(document.Live ? document.Version : document.Latest!.Version, _seed);
            }
        }

        private async Task CheckDenseAsync(ModelCollection collection, int top, Filter? filter)
        {
            float[] query = _data.Vector();
            IReadOnlyList<(long Row, float Score)> found = _index.Search(collection.Row, query, top, filter, default);
            IReadOnlyList<StoredChunk> chunks = await Catalog.ReadChunksAsync(collection.Row, [.. found.Select(f => f.Row)], default);
            var expected = collection.Chunks(filter).Select(c => (c.Document, c.Chunk, Score: Kernels.Dot(query, c.Chunk.Vector))).OrderByDescending(c => c.Score).Take(top).ToList();
            found.Select(f => f.Score).ShouldBe(expected.Select(e => e.Score), _seed);
            chunks.Select(c => (c.Document, c.Id, c.Start, c.End, c.Text, c.Title)).ShouldBe(expected.Select(e => (e.Document.Id, ChunkId.Of(collection.Row.Name, e.Document.Id, e.Document.Generation, e.Chunk.Ordinal),
                e.Chunk.Start, e.Chunk.End, e.Document.Content!.Text![e.Chunk.Start..e.Chunk.End], e.Document.Content.Title)), _seed);
        }

        private async Task CheckLexicalAsync(ModelCollection collection, Filter? filter)
        {
            string word = _data.Word();
            IReadOnlyList<(long Row, double Score)> found = await Catalog.SearchLexicalAsync(collection.Row, word, 10_000, _index.Allowed(collection.Row, filter), default);
            IReadOnlyList<StoredChunk> chunks = await Catalog.ReadChunksAsync(collection.Row, [.. found.Select(f => f.Row)], default);
            found.ShouldAllBe(f => f.Score > 0, _seed);
            (await Catalog.SearchLexicalAsync(collection.Row, word, 3, _index.Allowed(collection.Row, filter), default)).ShouldBe(found.Take(3), _seed);
            chunks.Count.ShouldBe(found.Count, _seed);
            chunks.Select(c => (c.Document, c.Start)).Order().ShouldBe(
                collection.Chunks(filter).Where(c => c.Chunk.Words.Split(' ').Contains(word)).Select(c => (c.Document.Id, c.Chunk.Start)).Order(), _seed);
        }

        private Job? Hand()
        {
            if (_hands.Count == 0)
            {
                return null;
            }
            int at = _random.Next(_hands.Count);
            Job hand = _hands[at];
            if (_random.Next(4) > 0)
            {
                _hands.RemoveAt(at);
            }
            return hand;
        }

        private T? Any<T>(IEnumerable<T> items) where T : class
        {
            List<T> all = [.. items];
            return all.Count == 0 ? null : all[_random.Next(all.Count)];
        }
    }
}

using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage;

/// <summary>A catalog in a folder of its own; can be closed and opened again.</summary>
internal sealed class OpenedCatalog : IAsyncDisposable
{
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(10);

    private readonly TemporaryFolder _folder = new();
    private DataFolder _data = null!;

    private OpenedCatalog(TimeProvider time) => Time = time;

    public TimeProvider Time { get; }

    public string Path => _folder.Path;

    public Catalog Catalog { get; private set; } = null!;

    public static async Task<OpenedCatalog> CreateAsync(TimeProvider? time = null)
    {
        OpenedCatalog opened = new(time ?? TimeProvider.System);
        await opened.OpenAsync();
        return opened;
    }

    public async Task ReopenAsync()
    {
        await CloseAsync();
        await OpenAsync();
    }

    public Task<CollectionRow> CreateCollectionAsync(string name = "c", int dimensions = 4) => Catalog.PutCollectionAsync(name, "model", Space(dimensions), null, default);

    public Task<Job> AcceptAsync(CollectionRow collection, string id, string text = "some text", long? version = null, JobQueue queue = JobQueue.Interactive) =>
        Catalog.AcceptAsync(collection, JobKind.Upsert, queue, new DocumentInput { Id = id, Text = text, Version = version }, "text/plain", default);

    public Task<Job> AcceptDeletionAsync(CollectionRow collection, string id, long? version = null) =>
        Catalog.AcceptAsync(collection, JobKind.Delete, JobQueue.Interactive, new DocumentInput { Id = id, Version = version }, "", default);

    /// <summary>Accepts, begins and stores a document of one chunk a vector.</summary>
    public async Task<long> StoreAsync(CollectionRow collection, string id, string text, params float[][] vectors)
    {
        Job job = await AcceptAsync(collection, id, text);
        return await StoreAsync(collection, (await Catalog.BeginAsync(job.Id, Lease, default))!, vectors);
    }

    public Task<long> StoreAsync(CollectionRow collection, Job begun, params float[][] vectors) => Catalog.StoreAsync(begun, begun.Payload!,
        [.. vectors.Select((v, i) => new NewChunk(i, 0, begun.Payload!.Text!.Length, 1, v, new byte[32]))], collection.Space, [], default);

    /// <summary>An index that seals early.</summary>
    public EmbeddedIndex CreateIndex(int sealRows = 30) => CreateIndex(Catalog, sealRows);

    public static EmbeddedIndex CreateIndex(Catalog catalog, int sealRows) => new(catalog, new IndexOptions { SealRows = sealRows }, new LocalCodecTrainer(), NullLogger<EmbeddedIndex>.Instance, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Dispose();
    }

    public static VectorSpace Space(int dimensions, string weights = "weights") => new()
    {
        Weights = weights, Tokenizer = "tokenizer", DocumentTemplate = VectorSpace.TitleAndText, MaxTokens = 256, Dimensions = dimensions, Pooling = "mean", PostProcessing = ["normalize"],
    };

    private async Task OpenAsync()
    {
        _data = DataFolder.Open(_folder["data"]);
        Catalog = await Catalog.OpenAsync(_data, Time, default);
    }

    private async Task CloseAsync()
    {
        await Catalog.DisposeAsync();
        _data.Dispose();
    }
}

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
    private string? _current;
    private int _kills;

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

    /// <summary>Goes on with the files as a killed process leaves them: copied while they are open, and nothing closed or flushed before.</summary>
    public async Task KillAsync(EmbeddedIndex index)
    {
        string copy = _folder[$"data-{++_kills}"];
        foreach (string file in Directory.GetFiles(_data.Path, "*", SearchOption.AllDirectories).Where(f => !IsOfTheProcess(f)))
        {
            string to = System.IO.Path.Combine(copy, System.IO.Path.GetRelativePath(_data.Path, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(to)!);
            Copy(file, to);
        }
        await index.DisposeAsync();
        await CloseAsync();
        Directory.Delete(_data.Path, true);
        _current = copy;
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

    private static bool IsOfTheProcess(string file) => System.IO.Path.GetFileName(file) is "lock" or "lock.pid" || file.EndsWith("-shm", StringComparison.Ordinal) || file.EndsWith(".tmp", StringComparison.Ordinal);

    /// <summary>A file that is about to be renamed or removed may be gone when its turn comes.</summary>
    private static void Copy(string file, string to)
    {
        try
        {
            using FileStream from = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), into = new(to, FileMode.Create);
            from.CopyTo(into);
        }
        catch (IOException)
        {
        }
    }

    private async Task OpenAsync()
    {
        _data = DataFolder.Open(_current ??= _folder["data"]);
        Catalog = await Catalog.OpenAsync(_data, Time, default);
    }

    private async Task CloseAsync()
    {
        await Catalog.DisposeAsync();
        _data.Dispose();
    }
}

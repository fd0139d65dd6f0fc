using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage;

/// <summary>What the catalog has to be, in plain dictionaries.</summary>
internal sealed class CatalogModel
{
    public Dictionary<string, ModelCollection> Collections { get; } = [];

    public Dictionary<Guid, ModelJob> Jobs { get; } = [];

    public IEnumerable<ModelJob> Open => Jobs.Values.Where(j => j.IsOpen);

    public void Remove(ModelCollection collection)
    {
        Collections.Remove(collection.Row.Name);
        foreach (ModelJob job in Jobs.Values.Where(j => j.Collection == collection).ToList())
        {
            Jobs.Remove(job.Id);
        }
    }

    /// <summary>What was live of a collection, under the name of another; the jobs that did it are not the model's to know.</summary>
    public ModelCollection Restore(ModelCollection source, CollectionRow row)
    {
        ModelCollection restored = new(row);
        foreach (ModelDocument live in source.Live)
        {
            ModelDocument document = new(live.Id) { Accepted = live.Version, Live = true, Content = live.Content, Version = live.Version, Generation = live.Generation, Chunks = live.Chunks };
            document.Latest = new ModelJob(default, restored, document, JobKind.Upsert, JobQueue.Bulk, live.Version, live.Content!) { Status = DocumentStatus.Indexed };
            restored.Documents[live.Id] = document;
            restored.Seq++;
        }
        Collections[row.Name] = restored;
        return restored;
    }

    public DocumentStatus Accept(ModelCollection collection, Job job, DocumentInput input)
    {
        ModelDocument document = collection.Documents.GetValueOrDefault(input.Id!) ?? new ModelDocument(input.Id!);
        bool late = input.Version <= document.Accepted;
        ModelJob accepted = new(job.Id, collection, document, job.Kind, job.Queue, input.Version ?? document.Accepted + 1, input) { Status = late ? DocumentStatus.Superseded : DocumentStatus.Accepted };
        if (!late)
        {
            foreach (ModelJob older in Open.Where(j => j.Document == document && j.Status == DocumentStatus.Accepted))
            {
                older.Status = DocumentStatus.Superseded;
            }
            (document.Accepted, document.Latest) = (accepted.Version, accepted);
            collection.Documents[document.Id] = document;
        }
        Jobs[job.Id] = accepted;
        return accepted.Status;
    }

    public List<ModelJob> Due(JobQueue queue, DateTimeOffset now) => [.. Open.Where(j => j.Queue == queue && j.LeaseUntil <= now && j.NextAttempt <= now
        && !Open.Any(e => e.Document == j.Document && e.Version < j.Version))];

    /// <summary>Whether an attempt may write; a newer version supersedes it.</summary>
    public bool MayWrite(Guid id)
    {
        if (!Jobs.TryGetValue(id, out ModelJob? job) || !job.IsOpen)
        {
            return false;
        }
        job.Status = job.Document.Accepted > job.Version ? DocumentStatus.Superseded : job.Status;
        return job.IsOpen;
    }

    public static void Write(ModelJob job, DocumentInput? content, List<ModelChunk> chunks)
    {
        ModelDocument document = job.Document;
        (document.Live, document.Content, document.Version, document.Chunks) = (content is not null, content, job.Version, chunks);
        document.Generation++;
        job.Collection.Seq++;
        job.Status = content is null ? DocumentStatus.Deleted : DocumentStatus.Indexed;
    }
}

internal sealed class ModelCollection(CollectionRow row)
{
    public CollectionRow Row { get; set; } = row;
    public Dictionary<string, ModelDocument> Documents { get; } = [];
    public long Seq { get; set; }

    public IEnumerable<ModelDocument> Live => Documents.Values.Where(d => d.Live);

    public IEnumerable<(ModelDocument Document, ModelChunk Chunk)> Chunks(Filter? filter = null) =>
        Live.Where(d => FilterReader.Read(filter)?.Holds(d.Content!.Metadata is { } metadata ? JsonSerializer.SerializeToElement(metadata) : default, d.Id) != false).SelectMany(d => d.Chunks.Select(c => (d, c)));
}

internal sealed class ModelDocument(string id)
{
    public string Id { get; } = id;
    public long Accepted { get; set; }
    public ModelJob? Latest { get; set; }
    public bool Live { get; set; }
    public DocumentInput? Content { get; set; }
    public long Version { get; set; }
    public long Generation { get; set; }
    public List<ModelChunk> Chunks { get; set; } = [];
}

internal sealed record ModelChunk(int Ordinal, int Start, int End, string Words, float[] Vector);

internal sealed class ModelJob(Guid id, ModelCollection collection, ModelDocument document, JobKind kind, JobQueue queue, long version, DocumentInput input)
{
    public Guid Id { get; } = id;
    public ModelCollection Collection { get; } = collection;
    public ModelDocument Document { get; } = document;
    public JobKind Kind { get; } = kind;
    public JobQueue Queue { get; } = queue;
    public long Version { get; } = version;
    public DocumentInput Input { get; } = input;
    public DocumentStatus Status { get; set; }
    public int Attempts { get; set; }
    public int Crashes { get; set; }
    public DateTimeOffset LeaseUntil { get; set; }
    public DateTimeOffset NextAttempt { get; set; }

    public bool IsOpen => Status is DocumentStatus.Accepted or DocumentStatus.Processing;
}

/// <summary>Seeded documents, chunks, queries and filters.</summary>
internal sealed class ModelData(Random random)
{
    public const int Dimensions = 8;
    private static readonly string[] Colors = ["red", "green", "blue"];

    public string Word() => $"w{random.Next(40)}x";

    public float[] Vector() => [.. Enumerable.Range(0, Dimensions).Select(_ => random.NextSingle() - 0.5f)];

    public DocumentInput Document(string id, long? version) => new()
    {
        Id = id,
        Version = version,
        Title = random.Next(3) == 0 ? null : $"t{random.Next(10)}x",
        Text = string.Join(random.Next(2) == 0 ? " " : " \U0001F600ä ", Enumerable.Range(0, random.Next(1, 30)).Select(_ => Word())),
        Metadata = random.Next(4) == 0 ? null : new() { ["color"] = JsonSerializer.SerializeToElement(Colors[random.Next(3)]), ["n"] = JsonSerializer.SerializeToElement(random.Next(3)) },
    };

    public List<ModelChunk> Chunks(DocumentInput document)
    {
        List<ModelChunk> chunks = [];
        string text = document.Text!;
        for (int start = 0; start < text.Length;)
        {
            int space = text.IndexOf(' ', Math.Min(text.Length - 1, start + random.Next(60))), end = space < 0 ? text.Length : space;
            chunks.Add(new ModelChunk(chunks.Count, start, end, $"{document.Title} {text[start..end]}", Vector()));
            start = end + 1;
        }
        return chunks;
    }

    public Filter? Filter() => random.Next(5) switch
    {
        0 => null,
        1 => new Filter { MustNot = [Equal("color", Colors[random.Next(3)]), new Condition { Key = "n", Range = new FieldRange { Gte = JsonSerializer.SerializeToElement(random.Next(3)) } }] },
        2 => new Filter { Should = [Equal("n", random.Next(3)), new Condition { HasId = [.. Enumerable.Range(0, 3).Select(_ => JsonSerializer.SerializeToElement($"d{random.Next(12)}"))] }] },
        3 => new Filter { Must = [Equal("color", Colors[random.Next(3)])] },
        _ => new Filter { Must = [Equal("color", Colors[random.Next(3)]), Equal("n", random.Next(3))] },
    };

    private static Condition Equal<T>(string key, T value) => new() { Key = key, Match = new Match { Value = JsonSerializer.SerializeToElement(value) } };
}

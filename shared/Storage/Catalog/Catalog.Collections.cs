using System.Globalization;
using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.Storage;

public sealed partial class Catalog
{
    /// <summary>Creates a collection, or changes the chunking of one that has the same encoder and space.</summary>
    /// <exception cref="RetrievalException">Conflict or SpaceMismatch for one that has another.</exception>
    public async Task<CollectionRow> PutCollectionAsync(string name, string encoder, VectorSpace space, ChunkingSettings? chunking, CancellationToken cancellationToken)
    {
        CollectionRow row = await _writer.WriteAsync(session =>
        {
            if (Find(session, name) is { } existing)
            {
                Require(existing, encoder, space);
                if (chunking is not null)
                {
                    session.Execute("UPDATE collections SET chunking = $1 WHERE id = $2", Json(chunking), existing.Id);
                }
            }
            else
            {
                Create(session, name, encoder, space, chunking ?? new ChunkingSettings());
            }
            return Find(session, name)!;
        }, cancellationToken).ConfigureAwait(false);
        _changed.Writer.TryWrite(true);
        return row;
    }

    /// <summary>Sets how vectors are compressed in the index; null: not at all. The index follows.</summary>
    public async Task SetCodecAsync(string name, string? codec, CancellationToken cancellationToken)
    {
        if (await _writer.WriteAsync(session => session.Execute("UPDATE collections SET codec = $1 WHERE name = $2", codec, name), cancellationToken).ConfigureAwait(false) == 0)
        {
            throw Unknown(name);
        }
        _changed.Writer.TryWrite(true);
    }

    /// <summary>Sets how a collection is searched. The index follows.</summary>
    public async Task SetIndexAsync(string name, IndexKind kind, CancellationToken cancellationToken)
    {
        if (await _writer.WriteAsync(session => session.Execute("UPDATE collections SET index_kind = $1 WHERE name = $2", (long)kind, name), cancellationToken).ConfigureAwait(false) == 0)
        {
            throw Unknown(name);
        }
        _changed.Writer.TryWrite(true);
    }

    /// <summary>Null when there is none.</summary>
    public Task<CollectionRow?> FindCollectionAsync(string name, CancellationToken cancellationToken) => ReadAsync(session => Find(session, name), cancellationToken);

    /// <summary>The collection.</summary>
    /// <exception cref="RetrievalException">NotFound.</exception>
    public async Task<CollectionRow> GetCollectionAsync(string name, CancellationToken cancellationToken) =>
        await FindCollectionAsync(name, cancellationToken).ConfigureAwait(false) ?? throw Unknown(name);

    /// <summary>All collections with their counts, by name.</summary>
    public Task<IReadOnlyList<CollectionInfo>> ListCollectionsAsync(CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<CollectionInfo>>(session =>
        session.InSnapshot<List<CollectionInfo>>(() => [.. session.Query($"SELECT {CollectionRow.Columns} FROM collections ORDER BY name", CollectionRow.Read).Select(row => Describe(session, row))]), cancellationToken);

    /// <summary>One collection with its counts.</summary>
    public async Task<CollectionInfo> DescribeCollectionAsync(string name, CancellationToken cancellationToken) =>
        await ReadAsync(session => session.InSnapshot(() => Find(session, name) is { } row ? Describe(session, row) : null), cancellationToken).ConfigureAwait(false) ?? throw Unknown(name);

    /// <summary>Removes a collection with everything in it, at once. False when there was none.</summary>
    public async Task<bool> DeleteCollectionAsync(string name, CancellationToken cancellationToken)
    {
        List<Guid>? open = await _writer.WriteAsync(session =>
        {
            if (Find(session, name) is not { } row)
            {
                return null;
            }
            List<Guid> jobs = session.Query("SELECT id FROM jobs WHERE collection = $1 AND status < 2", r => Guid.Parse(r.GetString(0)), row.Id);
            session.Execute("DELETE FROM chunks WHERE document IN (SELECT key FROM documents WHERE collection = $1)", row.Id);
            session.Execute("DELETE FROM documents WHERE collection = $1", row.Id);
            session.Execute("DELETE FROM jobs WHERE collection = $1", row.Id);
            session.Execute("DELETE FROM collections WHERE id = $1", row.Id);
            session.Execute($"DROP TABLE {WordTable(row.Id)}");
            return jobs;
        }, cancellationToken).ConfigureAwait(false);
        if (open is null)
        {
            return false;
        }
        Interlocked.Add(ref _openJobs, -open.Count);
        SignalFinished(open);
        _changed.Writer.TryWrite(true);
        return true;
    }

    /// <summary>Id, last change and dimensions of every collection: what the index follows.</summary>
    public Task<IReadOnlyList<CollectionRow>> ListRowsAsync(CancellationToken cancellationToken) => FollowedAsync(cancellationToken);

    /// <inheritdoc cref="ListRowsAsync"/>
    internal Task<IReadOnlyList<CollectionRow>> FollowedAsync(CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<CollectionRow>>(session => session.Query($"SELECT {CollectionRow.Columns} FROM collections", CollectionRow.Read), cancellationToken);

    private void Create(Session session, string name, string encoder, VectorSpace space, ChunkingSettings chunking)
    {
        session.Execute("INSERT OR IGNORE INTO spaces(id, definition) VALUES($1, $2)", space.Id, JsonSerializer.Serialize(space, WireJson.Lenient.VectorSpace));
        session.Execute("INSERT INTO collections(name, encoder, space, dimensions, chunking, created_at) VALUES($1, $2, $3, $4, $5, $6)",
            name, encoder, space.Id, (long)space.Dimensions, Json(chunking), Now());
        CreateWordTable(session, session.Scalar<long>("SELECT id FROM collections WHERE name = $1", name));
    }

    private static bool Exists(Session session, CollectionRow row) => session.Scalar<long?>("SELECT id FROM collections WHERE id = $1", row.Id) is not null;

    private static CollectionRow? Find(Session session, string name) =>
        session.Query($"SELECT {CollectionRow.Columns} FROM collections WHERE name = $1", CollectionRow.Read, name).FirstOrDefault();

    private static CollectionInfo Describe(Session session, CollectionRow row) => new()
    {
        Name = row.Name,
        Encoder = row.Encoder,
        Space = row.Space,
        Dimensions = row.Dimensions,
        Chunking = row.Chunking,
        Codec = row.Codec,
        Index = row.Index,
        Documents = session.Scalar<long>("SELECT count(*) FROM documents WHERE collection = $1 AND live = 1", row.Id),
        Chunks = session.Scalar<long?>("SELECT sum(chunks) FROM documents WHERE collection = $1 AND live = 1", row.Id) ?? 0,
        OpenJobs = session.Scalar<long>("SELECT count(*) FROM jobs WHERE collection = $1 AND status < 2", row.Id),
        Seq = row.Seq,
    };

    private static void Require(CollectionRow existing, string encoder, VectorSpace space)
    {
        if (existing.Encoder != encoder)
        {
            throw new RetrievalException(ErrorKind.Conflict, $"Collection '{existing.Name}' was created with encoder {existing.Encoder}.", "encoder", encoder, existing.Encoder,
                "Leave the encoder out, or create another collection.");
        }
        VectorSpace.Require(existing.Space, space.Id, $"Encoder {encoder}");
    }

    private static RetrievalException Unknown(string name) => new(ErrorKind.NotFound, $"There is no collection '{name}'.", "collection", name,
        help: $"PUT /v1/collections/{name} creates it; GET /v1/collections lists what is there.");

    private static string Json(ChunkingSettings chunking) => JsonSerializer.Serialize(chunking, WireJson.Lenient.ChunkingSettings);

    private static string WordTable(long collection) => string.Create(CultureInfo.InvariantCulture, $"words_{collection}");
}

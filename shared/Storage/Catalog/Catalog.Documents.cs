using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Retrieval.Contracts;

namespace Retrieval.Storage;

public sealed partial class Catalog
{
    /// <summary>What can be found of a document; before its first indexing what was accepted; null when it is unknown or removed.</summary>
    public Task<DocumentInfo?> FindDocumentAsync(CollectionRow collection, string document, CancellationToken cancellationToken) => ReadAsync(session => session.Query(
        """
        SELECT d.id, d.live, d.title, d.text, d.url, d.metadata, d.version, d.chunks, d.generation, j.status, j.payload, j.kind
        FROM documents d LEFT JOIN jobs j ON j.id = d.job WHERE d.collection = $1 AND d.id = $2
        """, ReadDocument, collection.Id, document).FirstOrDefault(), cancellationToken);

    /// <summary>Documents by id, from behind <paramref name="after"/>; removed ones are left out.</summary>
    public Task<DocumentList> ListDocumentsAsync(CollectionRow collection, string? after, int limit, CancellationToken cancellationToken) => ListDocumentsAsync(collection, null, after, limit, cancellationToken);

    /// <summary>The same of one folder source, with path and hash of each; null: of all.</summary>
    public Task<DocumentList> ListDocumentsAsync(CollectionRow collection, string? source, string? after, int limit, CancellationToken cancellationToken) => ReadAsync(session =>
    {
        // The latest change says where a document is from: what waits or failed still has it in its job.
        const string Metadata = "CASE WHEN j.payload IS NULL THEN d.metadata ELSE json_extract(j.payload, '$.metadata') END";
        List<DocumentRow> rows = session.Query(
            $"""
            SELECT d.id, d.title, j.status, d.version, d.chunks, d.generation, d.live, j.version, {(source is null ? "NULL" : $"json_extract({Metadata}, '$.source')")}
            FROM documents d JOIN jobs j ON j.id = d.job WHERE d.collection = $1 AND d.id > $2 AND (d.live = 1 OR j.kind = 0) {(source is null ? "" : $"AND j.kind = 0 AND json_extract({Metadata}, '$.source.name') = $4")} ORDER BY d.id LIMIT $3
            """,
            r => new DocumentRow(r.GetString(0), Text(r, 1), (DocumentStatus)r.GetInt32(2), r.GetInt64(r.GetBoolean(6) ? 3 : 7), r.GetInt32(4), r.GetInt64(5),
                Text(r, 8) is { } json ? JsonSerializer.Deserialize(json, WireJson.Lenient.DocumentSource) : null),
            (object?[])(source is null ? [collection.Id, after ?? "", limit + 1L] : [collection.Id, after ?? "", limit + 1L, source]));
        bool more = rows.Count > limit;
        return new DocumentList(more ? rows[..limit] : rows, more ? rows[limit - 1].Id : null);
    }, cancellationToken);

    /// <summary>Chunks by row, in the order asked; rows that are gone are left out.</summary>
    public Task<IReadOnlyList<StoredChunk>> ReadChunksAsync(CollectionRow collection, IReadOnlyList<long> rows, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<StoredChunk>>(session =>
    {
        Dictionary<long, StoredChunk> chunks = [];
        session.InSnapshot(() =>
        {
            IEnumerable<ChunkPlace> places = rows.Distinct().SelectMany(row => session.Query("SELECT row, id, document, start, \"end\", headings, page FROM chunks WHERE row = $1", ChunkPlace.Read, row));
            foreach (IGrouping<long, ChunkPlace> ofOne in places.GroupBy(p => p.Document))
            {
                // A document once, however many of its chunks are asked for: its text may be long.
                foreach (StoredChunk chunk in session.Query("SELECT id, title, text, metadata FROM documents WHERE key = $1 AND collection = $2", r => ReadChunks(r, ofOne), ofOne.Key, collection.Id).SelectMany(c => c))
                {
                    chunks[chunk.Row] = chunk;
                }
            }
            return chunks.Count;
        });
        return [.. rows.Where(chunks.ContainsKey).Select(row => chunks[row])];
    }, cancellationToken);

    /// <summary>Documents that changed after a seq, in its order, with the vectors of the chunks that they have now.</summary>
    internal Task<IReadOnlyList<DocumentChange>> ReadChangesAsync(long collection, long afterSeq, int most, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<DocumentChange>>(session => session.InSnapshot<List<DocumentChange>>(() =>
    {
        List<(long Key, long Seq, string Id, string? Metadata)> documents = session.Query("SELECT key, seq, id, metadata FROM documents WHERE collection = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            r => (r.GetInt64(0), r.GetInt64(1), r.GetString(2), Text(r, 3)), collection, afterSeq, (long)most);
        return [.. documents.Select(d => new DocumentChange(d.Seq, d.Key, d.Id, d.Metadata,
            session.Query("SELECT row, vector FROM chunks WHERE document = $1 ORDER BY ordinal", r => (r.GetInt64(0), Vector(r.GetFieldValue<byte[]>(1))), d.Key)))];
    }), cancellationToken);

    /// <summary>Vectors by chunk row; rows that are gone are left out.</summary>
    internal IReadOnlyDictionary<long, float[]> ReadVectors(IReadOnlyList<long> rows) => ReadAsync<IReadOnlyDictionary<long, float[]>>(session => session.InSnapshot(() =>
    {
        Dictionary<long, float[]> vectors = [];
        foreach (long row in rows)
        {
            session.Query("SELECT vector FROM chunks WHERE row = $1", r => vectors[row] = Vector(r.GetFieldValue<byte[]>(0)), row);
        }
        return vectors;
    }), CancellationToken.None).GetAwaiter().GetResult(); // has answered already: see ReadAsync

    private static DocumentInfo? ReadDocument(SqliteDataReader r)
    {
        bool live = r.GetBoolean(1);
        DocumentInput? accepted = live || r.IsDBNull(10) || (JobKind)r.GetInt32(11) == JobKind.Delete ? null : JsonSerializer.Deserialize(r.GetString(10), WireJson.Lenient.DocumentInput);
        if (!live && accepted is null)
        {
            return null;
        }
        return new DocumentInfo
        {
            Id = r.GetString(0),
            Title = live ? Text(r, 2) : accepted!.Title,
            Text = live ? r.GetString(3) : accepted!.Text ?? "",
            Url = live ? Text(r, 4) : accepted!.Url,
            Metadata = live ? Metadata(Text(r, 5)) : accepted!.Metadata,
            Version = live ? r.GetInt64(6) : accepted!.Version ?? 0,
            Status = (DocumentStatus)r.GetInt32(9),
            Chunks = r.GetInt32(7),
            Generation = r.GetInt64(8),
        };
    }

    // SQLite counts characters, our offsets are UTF-16: the text is cut here, not there.
    private static List<StoredChunk> ReadChunks(SqliteDataReader r, IEnumerable<ChunkPlace> places)
    {
        (string id, string? title, string text, Dictionary<string, JsonElement>? metadata) = (r.GetString(0), Text(r, 1), r.GetString(2), Metadata(Text(r, 3)));
        return [.. places.Select(p => new StoredChunk
        {
            Row = p.Row, Id = p.Id, Document = id, Title = title, Text = text[p.Start..p.End], Start = p.Start, End = p.End, Metadata = metadata, Headings = p.Headings, Page = p.Page,
        })];
    }

    private readonly record struct ChunkPlace(long Row, Guid Id, long Document, int Start, int End, IReadOnlyList<string>? Headings, int? Page)
    {
        public static ChunkPlace Read(SqliteDataReader r) => new(r.GetInt64(0), new Guid(r.GetFieldValue<byte[]>(1), bigEndian: true), r.GetInt64(2), r.GetInt32(3), r.GetInt32(4), HeadingPath.Read(Text(r, 5)), r.IsDBNull(6) ? null : r.GetInt32(6));
    }

    private static string? Text(SqliteDataReader r, int column) => r.IsDBNull(column) ? null : r.GetString(column);

    private static Dictionary<string, JsonElement>? Metadata(string? json) => json is null ? null : JsonSerializer.Deserialize(json, WireJson.Lenient.DictionaryStringJsonElement);

    private static float[] Vector(byte[] littleEndian) => MemoryMarshal.Cast<byte, float>(littleEndian).ToArray();
}

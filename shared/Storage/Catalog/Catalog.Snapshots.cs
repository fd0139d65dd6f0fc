using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.Storage;

public sealed partial class Catalog
{
    private static readonly byte[] LineEnd = "\n"u8.ToArray();

    /// <summary>Everything that can be found of a collection at one moment, in a temporary file of the data folder that is gone when the stream is closed.</summary>
    public async Task<Stream> SnapshotAsync(CollectionRow collection, CancellationToken cancellationToken)
    {
        FileStream file = Temporary();
        try
        {
            await ReadAsync(session => session.InSnapshot(() => Write(session, collection.Name, file, cancellationToken)), cancellationToken).ConfigureAwait(false);
            file.Position = 0;
            return file;
        }
        catch
        {
            await file.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A collection from a snapshot, all of it or nothing. It is searchable when the index has reached the seq of the answer.</summary>
    /// <exception cref="RetrievalException">Conflict when the name is taken, Invalid when the snapshot is not whole.</exception>
    public async Task<CollectionRow> RestoreAsync(string name, Stream snapshot, CancellationToken cancellationToken)
    {
        using FileStream file = Temporary();
        await snapshot.CopyToAsync(file, cancellationToken).ConfigureAwait(false);
        await file.FlushAsync(cancellationToken).ConfigureAwait(false);
        SnapshotHead head = SnapshotFormat.Check(file.Name);
        CollectionRow row = await _writer.WriteAsync(session =>
        {
            if (Find(session, name) is not null)
            {
                throw new RetrievalException(ErrorKind.Conflict, $"There is a collection '{name}' already.", "collection", name, "a name that is free", $"DELETE /v1/collections/{name} first, or restore under another name.");
            }
            Create(session, name, head.Encoder, head.Space, head.Chunking);
            CollectionRow created = Find(session, name)!;
            session.Execute("UPDATE collections SET codec = $1, index_kind = $2 WHERE id = $3", head.Codec, (long)head.Index, created.Id);
            foreach (SnapshotDocument document in SnapshotFormat.Documents(file.Name))
            {
                Insert(session, created, document);
            }
            return Find(session, name)!;
        }, cancellationToken).ConfigureAwait(false);
        _changed.Writer.TryWrite(true);
        return row;
    }

    private FileStream Temporary() => new(Path.Combine(Folder, $"snapshot-{Guid.CreateVersion7(_time.GetUtcNow()):N}.tmp"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite, 1 << 16, FileOptions.DeleteOnClose);

    private static long Write(Session session, string name, Stream to, CancellationToken cancellationToken)
    {
        CollectionRow row = Find(session, name) ?? throw Unknown(name);
        VectorSpace space = JsonSerializer.Deserialize(session.Scalar<string>("SELECT definition FROM spaces WHERE id = $1", row.Space)!, WireJson.Lenient.VectorSpace)!;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long documents = 0;
        void Line(byte[] json)
        {
            to.Write(json);
            to.Write(LineEnd);
            hash.AppendData(json);
            hash.AppendData(LineEnd);
        }
        Line(JsonSerializer.SerializeToUtf8Bytes(new SnapshotHead(SnapshotFormat.Version, row.Name, row.Encoder, space, row.Chunking, row.Codec, row.Index), SnapshotFormat.Default.SnapshotHead));
        foreach (long key in session.Query("SELECT key FROM documents WHERE collection = $1 AND live = 1 ORDER BY key", r => r.GetInt64(0), row.Id))
        {
            cancellationToken.ThrowIfCancellationRequested();
            List<SnapshotChunk> chunks = session.Query("""SELECT start, "end", tokens, reuse_key, vector, headings, page FROM chunks WHERE document = $1 ORDER BY ordinal""",
                r => new SnapshotChunk(r.GetInt32(0), r.GetInt32(1), r.GetInt32(2), r.GetFieldValue<byte[]>(3), r.GetFieldValue<byte[]>(4)) { Headings = HeadingPath.Read(Text(r, 5)), Page = r.IsDBNull(6) ? null : r.GetInt32(6) }, key);
            SnapshotDocument document = session.Query("SELECT id, version, generation, title, text, url, metadata FROM documents WHERE key = $1",
                r => new SnapshotDocument(r.GetString(0), r.GetInt64(1), r.GetInt64(2), Text(r, 3), r.GetString(4), Text(r, 5), Metadata(Text(r, 6)), chunks), key).Single();
            Line(JsonSerializer.SerializeToUtf8Bytes(document, SnapshotFormat.Default.SnapshotDocument));
            documents++;
        }
        to.Write(JsonSerializer.SerializeToUtf8Bytes(new SnapshotEnd(documents, Convert.ToHexStringLower(hash.GetHashAndReset())), SnapshotFormat.Default.SnapshotEnd));
        to.Write(LineEnd);
        to.Flush();
        return documents;
    }

    /// <summary>A document with a job that says where it came from, since every document has one.</summary>
    private void Insert(Session session, CollectionRow collection, SnapshotDocument document)
    {
        Guid job = JobId.New(_time);
        long seq = NextSeq(session, collection);
        session.Execute("INSERT INTO jobs(id, collection, document, kind, queue, version, status, media_type, timeline, chunks, generation) VALUES($1, $2, $3, 0, 1, $4, $5, $6, $7, $8, $9)",
            job.ToString(), collection.Id, document.Id, document.Version, (long)DocumentStatus.Indexed, "text/plain", Json([Entry("indexed", "restored from a snapshot")]), (long)document.Chunks.Count, document.Generation);
        session.Execute("INSERT INTO documents(collection, id, seq, generation, live, version, accepted_version, job, chunks, title, text, url, metadata) VALUES($1, $2, $3, $4, 1, $5, $5, $6, $7, $8, $9, $10, $11)",
            collection.Id, document.Id, seq, document.Generation, document.Version, job.ToString(), (long)document.Chunks.Count, document.Title, document.Text, document.Url,
            document.Metadata is null ? null : JsonSerializer.Serialize(document.Metadata, WireJson.Lenient.DictionaryStringJsonElement));
        long key = session.Scalar<long>("SELECT key FROM documents WHERE collection = $1 AND id = $2", collection.Id, document.Id);
        DocumentInput input = new() { Id = document.Id, Title = document.Title, Text = document.Text };
        for (int i = 0; i < document.Chunks.Count; i++)
        {
            SnapshotChunk chunk = document.Chunks[i];
            Insert(session, collection, key, document.Generation, document.Id, input, new NewChunk(i, chunk.Start, chunk.End, chunk.Tokens, MemoryMarshal.Cast<byte, float>(chunk.Vector).ToArray(), chunk.ReuseKey) { Headings = chunk.Headings, Page = chunk.Page });
        }
    }
}

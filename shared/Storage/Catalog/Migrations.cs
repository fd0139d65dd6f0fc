using System.Globalization;
using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>The schema as numbered steps. A step that was released is never changed; a new one is added at the end.</summary>
internal static class Migrations
{
    private static readonly string[] Steps =
    [
        // 1: collections, documents, chunks with their vectors, jobs. Numbers are milliseconds of Unix time where they are times.
        // chunks.row and documents.key are never used twice, so that whoever follows the rows can't mistake a new one for an old one.
        """
        CREATE TABLE spaces(id TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE collections(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, encoder TEXT NOT NULL, space TEXT NOT NULL REFERENCES spaces(id),
            dimensions INTEGER NOT NULL, chunking TEXT NOT NULL, seq INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL);
        CREATE TABLE documents(key INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL DEFAULT 0, generation INTEGER NOT NULL DEFAULT 0,
            live INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 0, accepted_version INTEGER NOT NULL, job TEXT NOT NULL, chunks INTEGER NOT NULL DEFAULT 0,
            title TEXT, text TEXT, url TEXT, metadata TEXT, UNIQUE(collection, id));
        CREATE INDEX documents_seq ON documents(collection, seq);
        CREATE TABLE chunks(row INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, ordinal INTEGER NOT NULL, id BLOB NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
            tokens INTEGER NOT NULL, reuse_key BLOB NOT NULL, vector BLOB NOT NULL);
        CREATE INDEX chunks_document ON chunks(document, ordinal);
        CREATE TABLE jobs(id TEXT PRIMARY KEY, collection INTEGER NOT NULL, document TEXT NOT NULL, kind INTEGER NOT NULL, queue INTEGER NOT NULL, version INTEGER NOT NULL, status INTEGER NOT NULL,
            payload TEXT, media_type TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, lease_until INTEGER NOT NULL DEFAULT 0, next_attempt_at INTEGER NOT NULL DEFAULT 0,
            error TEXT, detail TEXT, timeline TEXT NOT NULL, chunks INTEGER NOT NULL DEFAULT 0, generation INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
        CREATE INDEX jobs_open ON jobs(queue, collection, id) WHERE status < 2;
        CREATE INDEX jobs_open_document ON jobs(collection, document, id) WHERE status < 2;
        CREATE INDEX jobs_collection ON jobs(collection);
        """,
        // 2: how a collection's vectors are compressed in the index; null: not at all.
        "ALTER TABLE collections ADD COLUMN codec TEXT",
        // 3: when a job ended, how often a process died with it, chunks whose vectors were kept, the bulk load that it came with; the seq up to which marks of removed documents are gone.
        """
        ALTER TABLE jobs ADD COLUMN finished_at INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE jobs ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE jobs ADD COLUMN reused INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE jobs ADD COLUMN load TEXT;
        ALTER TABLE collections ADD COLUMN marks_gone INTEGER NOT NULL DEFAULT 0;
        UPDATE jobs SET finished_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000 WHERE status >= 2;
        CREATE INDEX jobs_finished ON jobs(finished_at) WHERE status >= 2;
        CREATE INDEX jobs_dead ON jobs(id) WHERE status = 3;
        CREATE INDEX jobs_suspect ON jobs(queue, lease_until) WHERE status < 2 AND crashes >= 2;
        CREATE INDEX jobs_load ON jobs(load, status) WHERE load IS NOT NULL;
        """,
        // 4: files as they were sent, until they are read; where in its document a chunk stands: headings above it (a JSON list), page.
        "ALTER TABLE jobs ADD COLUMN content BLOB; ALTER TABLE chunks ADD COLUMN headings TEXT; ALTER TABLE chunks ADD COLUMN page INTEGER",
        // 5: how a collection is searched: IndexKind; 0: by its size.
        "ALTER TABLE collections ADD COLUMN index_kind INTEGER NOT NULL DEFAULT 0",
    ];

    /// <summary>Brings a database to this version, in one transaction.</summary>
    public static void Apply(Session session, string path)
    {
        long version = session.Scalar<long>("PRAGMA user_version");
        if (version > Steps.Length)
        {
            throw new RetrievalException(ErrorKind.Conflict, $"{path} was written by a newer program: its schema version is {version}, this program knows {Steps.Length}.",
                "Storage:Folder", $"{version}", $"{Steps.Length}", "Use the newer program, or another folder: --data <folder>.");
        }
        if (version == Steps.Length)
        {
            return;
        }
        session.Execute("BEGIN IMMEDIATE");
        for (long i = version; i < Steps.Length; i++)
        {
            session.Execute(Steps[i]);
        }
        session.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version={Steps.Length}"));
        session.Execute("COMMIT");
    }
}

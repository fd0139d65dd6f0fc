using Microsoft.Data.Sqlite;
using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>A connection with its prepared statements; used by one thread at a time. Parameters are <c>$1</c>, <c>$2</c>, … in order.</summary>
internal sealed class Session : IDisposable
{
    private const int MostPrepared = 256;

    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _prepared = new(StringComparer.Ordinal);

    private Session(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens the database file in WAL mode.</summary>
    public static Session Open(string path, bool writes)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            Session session = new(connection);
            // FULL: a commit is on the disk before anybody is told. The busy time only matters for tools that look into the file.
            session.Execute($"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000; PRAGMA temp_store=MEMORY; PRAGMA query_only={(writes ? 0 : 1)};");
            return session;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw Problem(e, path);
        }
    }

    public int Execute(string sql, params ReadOnlySpan<object?> arguments) => Command(sql, arguments).ExecuteNonQuery();

    public T? Scalar<T>(string sql, params ReadOnlySpan<object?> arguments) =>
        Command(sql, arguments).ExecuteScalar() is { } value and not DBNull ? (T)value : default;

    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<object?> arguments)
    {
        using SqliteDataReader reader = Command(sql, arguments).ExecuteReader();
        List<T> rows = [];
        while (reader.Read())
        {
            rows.Add(read(reader));
        }
        return rows;
    }

    /// <summary>Reads rows until the callback says no.</summary>
    public void Scan(string sql, Func<SqliteDataReader, bool> read, params ReadOnlySpan<object?> arguments)
    {
        using SqliteDataReader reader = Command(sql, arguments).ExecuteReader();
        while (reader.Read() && read(reader))
        {
        }
    }

    /// <summary>Runs several reads on one state of the database.</summary>
    public T InSnapshot<T>(Func<T> read)
    {
        Execute("BEGIN");
        try
        {
            return read();
        }
        finally
        {
            Execute("COMMIT");
        }
    }

    /// <summary>False when SQLite has ended the transaction by itself, as it does when the disk is full.</summary>
    public bool IsInTransaction => SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0;

    /// <summary>Between operations only: statements name the tables of collections, so a session that lives long would keep those of every collection there ever was.</summary>
    public void Trim()
    {
        if (_prepared.Count > MostPrepared)
        {
            Forget();
        }
    }

    public void Dispose()
    {
        Forget();
        _connection.Dispose();
    }

    /// <summary>What a failure of the database means for a caller.</summary>
    public static RetrievalException Problem(SqliteException e, string path) => e.SqliteErrorCode switch
    {
        SQLitePCL.raw.SQLITE_FULL => new RetrievalException(ErrorKind.Unavailable, $"The disk under {path} is full.", "Storage:Folder", path, help: "Free some space; nothing that was acknowledged is lost.", inner: e),
        SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT => new RetrievalException(ErrorKind.Unavailable, $"{path} is damaged or not a catalog: {e.Message}", "Storage:Folder", path,
            help: "Restore the data folder from a backup, or choose another one: --data <folder>.", inner: e),
        _ => new RetrievalException(ErrorKind.Unavailable, $"The catalog {path} does not answer: {e.Message}", "Storage:Folder", path, inner: e),
    };

    private void Forget()
    {
        foreach (SqliteCommand command in _prepared.Values)
        {
            command.Dispose();
        }
        _prepared.Clear();
    }

    private SqliteCommand Command(string sql, ReadOnlySpan<object?> arguments)
    {
        if (!_prepared.TryGetValue(sql, out SqliteCommand? command))
        {
            command = _connection.CreateCommand();
#pragma warning disable CA2100 // statements are literals; values are parameters
            command.CommandText = sql;
#pragma warning restore CA2100
            for (int i = 0; i < arguments.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter($"${i + 1}", null));
            }
            _prepared[sql] = command;
        }
        for (int i = 0; i < arguments.Length; i++)
        {
            command.Parameters[i].Value = arguments[i] ?? DBNull.Value;
        }
        return command;
    }
}

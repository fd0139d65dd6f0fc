using Retrieval.Contracts;

namespace Retrieval.Storage;

public sealed partial class Catalog
{
    /// <summary>
    /// Chunks by bm25, positive, larger is better. Any of the query's words counts; stop words only when there is nothing else.
    /// <paramref name="allowed"/> is asked in rank order until enough are found, so a filter never leaves the answer short.
    /// </summary>
    public Task<IReadOnlyList<(long Row, double Score)>> SearchLexicalAsync(CollectionRow collection, string query, int top, Func<long, bool>? allowed, CancellationToken cancellationToken)
    {
        string expression = WordQuery.Of(query);
        return expression.Length == 0 ? Task.FromResult<IReadOnlyList<(long, double)>>([]) : ReadAsync<IReadOnlyList<(long Row, double Score)>>(session =>
        {
            List<(long Row, double Score)>? found = session.InSnapshot(() => Exists(session, collection) ? Match(session, collection, expression, top, allowed) : null);
            return found ?? throw Unknown(collection.Name);
        }, cancellationToken);
    }

    private static List<(long Row, double Score)> Match(Session session, CollectionRow collection, string expression, int top, Func<long, bool>? allowed)
    {
        List<(long Row, double Score)> found = [];
        string table = WordTable(collection.Id);
        // A bound on the rows lets FTS5 keep a heap instead of sorting every match.
        session.Scan($"SELECT rowid, -rank FROM {table} WHERE {table} MATCH $1 ORDER BY rank LIMIT $2", r =>
        {
            long row = r.GetInt64(0);
            if (allowed is null || allowed(row))
            {
                found.Add((row, r.GetDouble(1)));
            }
            return found.Count < top;
        }, expression, allowed is null ? top : -1L);
        return found;
    }

    // Contentless: the text is in the documents' rows already. bm25's statistics are the collection's own.
    private static void CreateWordTable(Session session, long collection)
    {
        string table = WordTable(collection);
        session.Execute($"CREATE VIRTUAL TABLE {table} USING fts5(title, text, content='', contentless_delete=1, tokenize='porter unicode61 remove_diacritics 2')");
        session.Execute($"INSERT INTO {table}({table}, rank) VALUES('rank', 'bm25(1.0, 1.0)')");
    }
}

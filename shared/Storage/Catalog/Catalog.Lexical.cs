using Retrieval.Contracts;

namespace Retrieval.Storage;

public sealed partial class Catalog
{
    /// <summary>
    /// Chunks by bm25, positive, larger is better. Any of the query's words counts; stop words only when there is nothing else.
    /// <paramref name="allowed"/> is asked for every match before the best are chosen, so a filter never leaves the answer short.
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
        string table = WordTable(collection.Id);
        if (allowed is null)
        {
            // A bound on the rows lets FTS5 keep a heap instead of sorting every match.
            return session.Query($"SELECT rowid, -rank FROM {table} WHERE {table} MATCH $1 ORDER BY rank LIMIT $2", r => (r.GetInt64(0), r.GetDouble(1)), expression, (long)top);
        }
        // The worst first, so that it leaves when a better one comes; of equal ones the later is worse, as FTS5 has it.
        PriorityQueue<(long Row, double Score), (double, long)> best = new();
        session.Scan($"SELECT rowid, -rank FROM {table} WHERE {table} MATCH $1", r =>
        {
            long row = r.GetInt64(0);
            if (allowed(row))
            {
                double score = r.GetDouble(1);
                best.Enqueue((row, score), (score, -row));
                _ = best.Count > top ? best.Dequeue() : default;
            }
            return true;
        }, expression);
        (long Row, double Score)[] found = new (long, double)[best.Count];
        for (int i = found.Length; i-- > 0;)
        {
            found[i] = best.Dequeue();
        }
        return [.. found];
    }

    // Contentless: the text is in the documents' rows already. bm25's statistics are the collection's own.
    private static void CreateWordTable(Session session, long collection)
    {
        string table = WordTable(collection);
        session.Execute($"CREATE VIRTUAL TABLE {table} USING fts5(title, text, content='', contentless_delete=1, tokenize='porter unicode61 remove_diacritics 2')");
        session.Execute($"INSERT INTO {table}({table}, rank) VALUES('rank', 'bm25(1.0, 1.0)')");
    }
}

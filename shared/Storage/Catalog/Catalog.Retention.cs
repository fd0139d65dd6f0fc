using Retrieval.Contracts;

namespace Retrieval.Storage;

public sealed partial class Catalog
{
    /// <summary>
    /// Removes finished jobs that ended before a time, at most a number. What stays: dead letters, until somebody replays or drops them, and each document's latest job, which tells its state.
    /// Returns how many went.
    /// </summary>
    public Task<int> RemoveFinishedJobsAsync(DateTimeOffset before, int most, CancellationToken cancellationToken) => _writer.WriteAsync(session => session.Execute(
        """
        DELETE FROM jobs WHERE id IN (SELECT j.id FROM jobs j WHERE j.status >= 2 AND j.finished_at < $1 AND (j.status <> 3 OR j.payload IS NULL)
        AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.collection = j.collection AND d.id = j.document AND d.job = j.id) LIMIT $2)
        """, before.ToUnixTimeMilliseconds(), (long)most), cancellationToken);

    /// <summary>
    /// Removes the marks of documents that were removed, or never came to be, before a time; with them goes the memory of their versions. Only up to a seq that everyone who follows has passed; the
    /// collection's last change stays, so that who counts up to it arrives. What was removed is remembered as one number, so that a follower which comes from behind it, such as an index whose last
    /// file was damaged, knows that it must begin anew. Returns how many went.
    /// </summary>
    public Task<int> RemoveMarksAsync(CollectionRow collection, long followed, DateTimeOffset before, int most, CancellationToken cancellationToken) => _writer.WriteAsync(session =>
    {
        List<(long Key, long Seq, string Job)> marks = session.Query(
            """
            SELECT d.key, d.seq, d.job FROM documents d JOIN jobs j ON j.id = d.job WHERE d.collection = $1 AND d.live = 0 AND d.seq <= $2 AND (d.seq = 0 OR d.seq < (SELECT seq FROM collections WHERE id = $1))
            AND j.status >= 2 AND j.finished_at < $3 AND (j.status <> 3 OR j.payload IS NULL)
            AND NOT EXISTS (SELECT 1 FROM jobs o WHERE o.collection = d.collection AND o.document = d.id AND o.id <> d.job AND (o.status < 2 OR (o.status = 3 AND o.payload IS NOT NULL))) LIMIT $4
            """, r => (r.GetInt64(0), r.GetInt64(1), r.GetString(2)), collection.Id, followed, before.ToUnixTimeMilliseconds(), (long)most);
        foreach ((long key, _, string job) in marks)
        {
            session.Execute("DELETE FROM documents WHERE key = $1", key);
            session.Execute("DELETE FROM jobs WHERE id = $1", job);
        }
        if (marks.Count > 0)
        {
            session.Execute("UPDATE collections SET marks_gone = max(marks_gone, $1) WHERE id = $2", marks.Max(m => m.Seq), collection.Id);
        }
        return marks.Count;
    }, cancellationToken);
}

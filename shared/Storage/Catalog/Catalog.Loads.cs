using Retrieval.Contracts;

namespace Retrieval.Storage;

public sealed partial class Catalog
{
    /// <summary>Counts of a bulk load's jobs; null when there are none, or none any more.</summary>
    public Task<LoadInfo?> FindLoadAsync(Guid load, CancellationToken cancellationToken) => ReadAsync(session =>
    {
        Dictionary<DocumentStatus, long> counts = session.Query("SELECT status, count(*) FROM jobs WHERE load = $1 GROUP BY status", r => ((DocumentStatus)r.GetInt32(0), r.GetInt64(1)), load.ToString())
            .ToDictionary(c => c.Item1, c => c.Item2);
        return counts.Count == 0 ? null : new LoadInfo
        {
            Load = load,
            Accepted = counts.GetValueOrDefault(DocumentStatus.Accepted),
            Processing = counts.GetValueOrDefault(DocumentStatus.Processing),
            Indexed = counts.GetValueOrDefault(DocumentStatus.Indexed),
            Failed = counts.GetValueOrDefault(DocumentStatus.Failed),
            Superseded = counts.GetValueOrDefault(DocumentStatus.Superseded),
        };
    }, cancellationToken);
}

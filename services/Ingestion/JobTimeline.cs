using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Ingestion;

/// <summary>The steps of one attempt with the time that each took; whoever watches sees them as they come.</summary>
internal sealed class JobTimeline
{
    private readonly Job _job;
    private readonly JobProgress _progress;
    private readonly TimeProvider _time;
    private readonly List<TimelineEntry> _entries = [];
    private long _last;

    public JobTimeline(Job job, JobProgress progress, TimeProvider time)
    {
        (_job, _progress, _time, _last) = (job, progress, time, time.GetTimestamp());
        Add(new TimelineEntry("processing", time.GetUtcNow(), $"attempt {job.Attempts}"));
    }

    public IReadOnlyList<TimelineEntry> Entries => _entries;

    /// <summary>A step that is done.</summary>
    public void Add(string step, string note)
    {
        long now = _time.GetTimestamp();
        Add(new TimelineEntry(step, _time.GetUtcNow(), note, Math.Round(_time.GetElapsedTime(_last, now).TotalMilliseconds, 3)));
        _last = now;
    }

    private void Add(TimelineEntry entry)
    {
        _entries.Add(entry);
        _progress.Report(_job.Id, entry);
    }
}

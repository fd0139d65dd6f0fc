using System.Collections.Concurrent;
using System.Collections.Immutable;
using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>
/// The steps of jobs that are in work in this process, for whoever watches. The rows learn them when the attempt has ended: a write for each step would cost more than the step.
/// </summary>
public sealed class JobProgress
{
    private readonly ConcurrentDictionary<Guid, ImmutableArray<TimelineEntry>> _steps = new();

    /// <summary>Adds a step.</summary>
    public void Report(Guid job, TimelineEntry step) => _steps.AddOrUpdate(job, [step], (_, before) => before.Add(step));

    /// <summary>The attempt has ended, and its row tells the rest.</summary>
    public void End(Guid job) => _steps.TryRemove(job, out _);

    /// <summary>A job with the steps of the attempt that is in work.</summary>
    public Job With(Job job) => !job.IsFinished && _steps.TryGetValue(job.Id, out ImmutableArray<TimelineEntry> steps) ? job with { Timeline = [.. job.Timeline, .. steps] } : job;
}

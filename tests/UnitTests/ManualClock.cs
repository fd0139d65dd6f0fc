namespace Retrieval.UnitTests;

/// <summary>A clock that a test sets, also backwards; its timers are the system's.</summary>
internal sealed class ManualClock : TimeProvider
{
    private long _milliseconds = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    /// <summary>Called, on the thread that asks for the time, before it is told.</summary>
    public Action? Asked { get; set; }

    public void Advance(TimeSpan by) => Interlocked.Add(ref _milliseconds, (long)by.TotalMilliseconds);

    public override DateTimeOffset GetUtcNow()
    {
        Asked?.Invoke();
        return DateTimeOffset.FromUnixTimeMilliseconds(Interlocked.Read(ref _milliseconds));
    }

    public override long TimestampFrequency => 1000;

    public override long GetTimestamp() => Interlocked.Read(ref _milliseconds);
}

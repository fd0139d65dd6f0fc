namespace Retrieval.Compression;

/// <summary>Whether encoding pays: what a token of context costs its reader against what ranking it costs here, as measured so far.</summary>
internal sealed class BreakEven(CompressionOptions options)
{
    private const double Newest = 0.2; // weight of the last run in the mean
    private readonly Lock _lock = new();
    private double? _msPerToken;

    /// <summary>Takes a run into the mean.</summary>
    public void Observe(int tokens, double ms)
    {
        lock (_lock)
        {
            double now = ms / Math.Max(1, tokens);
            _msPerToken = _msPerToken is { } mean ? mean + Newest * (now - mean) : now;
        }
    }

    /// <summary>Null when it pays; else why not, with both sides.</summary>
    /// <param name="saved">Tokens that the reader is spared.</param>
    /// <param name="encoded">Tokens that have to be encoded for it.</param>
    public string? WhyNot(double saved, double encoded)
    {
        if (options.TokenValueMs == 0)
        {
            return "what a token costs its reader is not known (Compression:TokenValueMs)";
        }
        double cost;
        lock (_lock)
        {
            cost = encoded * (_msPerToken ?? 0);
        }
        double gain = saved * options.TokenValueMs;
        return gain > cost ? null : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"it would save {gain:0.#} ms of reading (Compression:TokenValueMs) for {cost:0.#} ms of encoding");
    }
}

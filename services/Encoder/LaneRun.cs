using System.Diagnostics;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>The texts of a request that wait for one model.</summary>
internal sealed class LaneRun : IDisposable
{
    private readonly TextWork[] _texts;
    private readonly Activity? _trace;

    private LaneRun(TextWork[] texts, Activity? trace) => (_texts, _trace) = (texts, trace);

    /// <summary>Tokenizes on the caller's thread, while the lane's threads run what came before; then all wait, or none.</summary>
    /// <param name="lane">That runs them.</param>
    /// <param name="count">Texts.</param>
    /// <param name="make">Tokenizes one.</param>
    /// <param name="kind">Their side, for their priority.</param>
    /// <exception cref="RetrievalException">Of a text; or Overloaded, when the queue has no room.</exception>
    public static LaneRun Enter(Lane lane, int count, Func<int, ActivityContext, TextWork> make, InputKind kind)
    {
        Activity? trace = Traces.StartRequest(lane.Model, count);
        TextWork[] texts = new TextWork[count];
        try
        {
            for (int i = 0; i < texts.Length; i++)
            {
                texts[i] = make(i, trace?.Context ?? default);
            }
            lane.Queue.Add(texts, kind != InputKind.Document);
            return new LaneRun(texts, trace);
        }
        catch (Exception e)
        {
            trace?.Dispose();
            Refuse(lane, texts, e);
            throw;
        }
    }

    /// <summary>The texts, each with its result.</summary>
    public async Task<TextWork[]> FinishAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_texts.Select(t => t.Done.Task)).WaitAsync(cancellationToken).ConfigureAwait(false);
        return _texts;
    }

    /// <summary>Ends the trace.</summary>
    public void Dispose() => _trace?.Dispose();

    /// <summary>No batch will take them: their memory goes back.</summary>
    private static void Refuse(Lane lane, TextWork?[] texts, Exception e)
    {
        lane.Metrics.Refused(texts.Length);
        foreach (TextWork text in texts.OfType<TextWork>())
        {
            text.Settle(null, e);
            _ = text.Done.Task.Exception; // seen: nobody waits for it
        }
    }
}

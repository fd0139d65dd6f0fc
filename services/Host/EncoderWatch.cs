using Retrieval.Contracts;
using Retrieval.Encoder;

namespace Retrieval.Host;

/// <summary>When a model of this process can compute no more: readiness goes red, and the process ends with an error, so that whoever watches it starts it anew.</summary>
internal sealed class EncoderWatch(LocalEncoder encoder, Readiness readiness) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        RetrievalException reason = await encoder.Died.WaitAsync(stoppingToken);
        readiness.Break(reason.Problem.Detail);
        throw new RetrievalException(reason.Problem, reason); // the host stops, and RetrievalHost.ThrowIfBroken tells why
    }
}

using MassTransit;

namespace Retrieval.Ingestion;

/// <summary>From the bus to the worker; the message is acknowledged when the worker has committed the outcome.</summary>
internal sealed class JobConsumer(IngestionWorker worker, OpenDispatches open) : IConsumer<JobDispatched>
{
    public async Task Consume(ConsumeContext<JobDispatched> context)
    {
        try
        {
            await worker.WorkAsync(context.Message.Job, context.CancellationToken);
        }
        finally
        {
            open.Remove(context.Message.Job);
        }
    }
}

using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Retrieval.Ingestion;

/// <summary>From the bus to the worker; the message is acknowledged when the worker has committed the outcome. Only the stop of the server ends the work early: a broker that goes away does not.</summary>
internal sealed class JobConsumer(IngestionWorker worker, OpenDispatches open, IHostApplicationLifetime lifetime, ILogger<JobConsumer> logger) : IConsumer<JobDispatched>
{
    public async Task Consume(ConsumeContext<JobDispatched> context)
    {
        try
        {
            await worker.WorkAsync(context.Message.Job, lifetime.ApplicationStopping);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.NotRecorded(logger, e, context.Message.Job); // the row stays open, and is due again when its lease is over
        }
        finally
        {
            open.Remove(context.Message.Job);
        }
    }
}

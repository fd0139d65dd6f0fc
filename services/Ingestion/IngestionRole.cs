using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Contracts;
using Retrieval.Ingestion.Readers.Isolation;
using Retrieval.Ingestion.Sources;

namespace Retrieval.Ingestion;

/// <summary>The front of the Ingestion role.</summary>
public static class IngestionRole
{
    /// <summary>Works on the catalog's jobs; needs a Catalog, an IEncoder and a TokenizerCache.</summary>
    public static IServiceCollection AddIngestion(this IServiceCollection services, IngestionOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<OpenDispatches>();
        services.AddSingleton(provider => new ReaderPool(options.Readers, provider.GetRequiredService<TimeProvider>())).AddSingleton<DocumentReader>();
        services.AddSingleton<IngestionWorker>();
        services.AddMassTransit(bus =>
        {
            bus.AddConsumer<JobConsumer>();
            bus.UsingInMemory((context, transport) =>
            {
                Receive(transport, context, JobQueue.Interactive, options.InteractivePrefetch);
                Receive(transport, context, JobQueue.Bulk, options.BulkPrefetch);
            });
        });
        // After the bus, so that the host starts it later and stops it earlier.
        services.AddHostedService<JobDispatcher>();
        if (options.Sources.Count > 0)
        {
            services.AddHostedService<SourceService>();
        }
        return services;
    }

    internal static Uri Address(JobQueue queue) => new($"queue:{Name(queue)}");

    private static string Name(JobQueue queue) => queue == JobQueue.Bulk ? "ingest-bulk" : "ingest-interactive";

    private static void Receive(IInMemoryBusFactoryConfigurator transport, IBusRegistrationContext context, JobQueue queue, int prefetch) =>
        transport.ReceiveEndpoint(Name(queue), endpoint =>
        {
            endpoint.PrefetchCount = prefetch;
            endpoint.ConcurrentMessageLimit = prefetch;
            endpoint.ConfigureConsumer<JobConsumer>(context);
        });
}

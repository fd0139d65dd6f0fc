using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Contracts;
using Retrieval.Ingestion.Readers.Isolation;
using Retrieval.Ingestion.Sources;
using Retrieval.Storage;

namespace Retrieval.Ingestion;

/// <summary>The front of the Ingestion role.</summary>
public static class IngestionRole
{
    /// <summary>How many queues jobs wait in.</summary>
    internal const int Queues = 2;

    /// <summary>Works on the catalog's jobs; needs a Catalog, an EmbeddedIndex, a JobProgress, an IEncoder and a TokenizerCache, and a ChangeIntake when there is a broker.</summary>
    public static IServiceCollection AddIngestion(this IServiceCollection services, IngestionOptions options, QueueOptions queue)
    {
        services.AddSingleton(options).AddSingleton(queue);
        services.AddSingleton<OpenDispatches>().AddSingleton<Dispatching>().AddSingleton<WorkerTools>();
        services.AddSingleton(provider => new ReaderPool(options.Readers, provider.GetRequiredService<TimeProvider>())).AddSingleton<DocumentReader>();
        services.AddSingleton<IngestionWorker>();
        services.AddSingleton<BusWatch>().AddReceiveEndpointObserver<BusWatch>(provider => provider.GetRequiredService<BusWatch>());
        services.AddMassTransit(bus =>
        {
            bus.AddConsumer<JobConsumer>();
            if (queue.HasBroker)
            {
                bus.UsingRabbitMq((context, transport) =>
                {
                    transport.Host(Broker.Address(queue), host => Broker.Configure(host, queue));
                    Receive(transport, context, options);
                });
            }
            else
            {
                bus.UsingInMemory((context, transport) => Receive(transport, context, options));
            }
        });
        // After the bus, so that the host starts it later and stops it earlier.
        services.AddHostedService<JobDispatcher>().AddHostedService<Retention>();
        if (options.Sources.Count > 0)
        {
            services.AddHostedService<SourceService>();
        }
        return queue.HasBroker ? services.AddHostedService<OutsideIntake>() : services;
    }

    internal static Uri Address(JobQueue queue) => new($"queue:{Name(queue)}");

    private static string Name(JobQueue queue) => queue == JobQueue.Bulk ? "ingest-bulk" : "ingest-interactive";

    private static void Receive<T>(IBusFactoryConfigurator<T> transport, IBusRegistrationContext context, IngestionOptions options) where T : IReceiveEndpointConfigurator
    {
        Receive(transport, context, JobQueue.Interactive, options.InteractivePrefetch);
        Receive(transport, context, JobQueue.Bulk, options.BulkPrefetch);
    }

    private static void Receive<T>(IBusFactoryConfigurator<T> transport, IBusRegistrationContext context, JobQueue queue, int prefetch) where T : IReceiveEndpointConfigurator =>
        transport.ReceiveEndpoint(Name(queue), endpoint =>
        {
            endpoint.PrefetchCount = prefetch;
            endpoint.ConcurrentMessageLimit = prefetch;
            endpoint.DiscardFaultedMessages(); // the row tells what failed
            endpoint.DiscardSkippedMessages();
            endpoint.ConfigureConsumer<JobConsumer>(context);
        });
}

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Ingestion;

/// <summary>
/// Changes that other programs send over the broker: exchange <c>retrieval.documents</c> (direct), routing keys <c>interactive</c> and <c>bulk</c>. A message is acknowledged when its job row is
/// durable; one that cannot be read goes to the queue <c>retrieval.documents.refused</c> with the reason in a header; while too much is open, the rest waits at the broker.
/// </summary>
internal sealed class OutsideIntake(ChangeIntake intake, IngestionOptions options, QueueOptions queue, TimeProvider time, ILogger<OutsideIntake> logger) : BackgroundService
{
    public const string Exchange = "retrieval.documents", Refused = "retrieval.documents.refused", ReasonHeader = "retrieval-reason";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Name of the queue that a routing key leads to.</summary>
    public static string QueueOf(JobQueue jobs) => $"{Exchange}.{KeyOf(jobs)}";

    public static string KeyOf(JobQueue jobs) => jobs == JobQueue.Bulk ? "bulk" : "interactive";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        ConnectionFactory factory = new() { Uri = new Uri(queue.Url!), AutomaticRecoveryEnabled = false, ClientProvidedName = "retrieval intake" };
        for (bool said = false; !stoppingToken.IsCancellationRequested;)
        {
            try
            {
                await using IConnection connection = await factory.CreateConnectionAsync(stoppingToken);
                said = false;
                TaskCompletionSource lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
                connection.ConnectionShutdownAsync += (_, _) =>
                {
                    lost.TrySetResult();
                    return Task.CompletedTask;
                };
                await ReceiveAsync(connection, JobQueue.Interactive, options.InteractivePrefetch, stoppingToken);
                await ReceiveAsync(connection, JobQueue.Bulk, options.BulkPrefetch, stoppingToken);
                Log.IntakeOpen(logger, Exchange, queue.Shown);
                await lost.Task.WaitAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                if (!said)
                {
                    Log.IntakeAway(logger, queue.Shown, e.GetBaseException().Message);
                }
                said = true;
            }
            await Task.Delay(Pause, time, stoppingToken);
        }
    }

    private async Task ReceiveAsync(IConnection connection, JobQueue jobs, int prefetch, CancellationToken cancellationToken)
    {
        IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true, consumerDispatchConcurrency: (ushort)prefetch), cancellationToken);
        await channel.ExchangeDeclareAsync(Exchange, ExchangeType.Direct, durable: true, cancellationToken: cancellationToken);
        await channel.QueueDeclareAsync(Refused, durable: true, exclusive: false, autoDelete: false, cancellationToken: cancellationToken);
        await channel.QueueDeclareAsync(QueueOf(jobs), durable: true, exclusive: false, autoDelete: false, cancellationToken: cancellationToken);
        await channel.QueueBindAsync(QueueOf(jobs), Exchange, KeyOf(jobs), cancellationToken: cancellationToken);
        await channel.BasicQosAsync(0, (ushort)prefetch, false, cancellationToken);
        AsyncEventingBasicConsumer consumer = new(channel);
        consumer.ReceivedAsync += (_, message) => TakeAsync(channel, message, jobs, cancellationToken);
        await channel.BasicConsumeAsync(QueueOf(jobs), autoAck: false, consumer, cancellationToken);
    }

    /// <summary>What fails here in another way than by the message's fault leaves it unacknowledged: it comes again with the next connection.</summary>
    private async Task TakeAsync(IChannel channel, BasicDeliverEventArgs message, JobQueue jobs, CancellationToken cancellationToken)
    {
        byte[] body = message.Body.ToArray(); // the client's buffer is its own again after the first await
        try
        {
            while (!await TryAcceptAsync(channel, body, jobs, cancellationToken))
            {
                await Task.Delay(Pause, time, cancellationToken);
            }
            await channel.BasicAckAsync(message.DeliveryTag, false, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.IntakeFailed(logger, e.GetBaseException().Message);
        }
    }

    /// <summary>False when it should be tried again: too much is open, or the catalog does not answer.</summary>
    private async Task<bool> TryAcceptAsync(IChannel channel, byte[] body, JobQueue jobs, CancellationToken cancellationToken)
    {
        try
        {
            await intake.AcceptAsync(ChangeMessage.Read(body), jobs, cancellationToken);
        }
        catch (RetrievalException e) when (e.Problem.Kind.IsTransient())
        {
            return false;
        }
        catch (RetrievalException e)
        {
            Log.MessageRefused(logger, Refused, e.Problem.ToString());
            BasicProperties properties = new() { Persistent = true, ContentType = "application/json", Headers = new Dictionary<string, object?> { [ReasonHeader] = e.Problem.ToString() } };
            await channel.BasicPublishAsync("", Refused, mandatory: true, properties, body, cancellationToken);
        }
        return true;
    }
}

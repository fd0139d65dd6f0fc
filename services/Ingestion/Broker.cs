using MassTransit;
using Retrieval.Contracts;

namespace Retrieval.Ingestion;

/// <summary>The broker's address as its two clients want it.</summary>
internal static class Broker
{
    private const string Amqp = "amqp", AmqpOverTls = "amqps";

    /// <summary>Without user and password.</summary>
    public static Uri Address(QueueOptions queue)
    {
        Uri url = new(queue.Url!);
        return new Uri($"rabbitmq://{url.Host}:{Port(url)}{url.AbsolutePath}");
    }

    public static void Configure(IRabbitMqHostConfigurator host, QueueOptions queue)
    {
        (string user, string password) = Login(queue);
        host.Username(user);
        host.Password(password);
        host.PublisherConfirmation = true;
        host.RequestedConnectionTimeout(TimeSpan.FromSeconds(10));
        if (new Uri(queue.Url!).Scheme == AmqpOverTls)
        {
            host.UseSsl(_ => { });
        }
    }

    private static int Port(Uri url) => url.Port > 0 ? url.Port : url.Scheme == Amqp ? 5672 : 5671;

    private static (string User, string Password) Login(QueueOptions queue) => new Uri(queue.Url!).UserInfo.Split(':', 2) is [{ Length: > 0 } user, var password]
        ? (Uri.UnescapeDataString(user), Uri.UnescapeDataString(password)) : ("guest", "guest");
}

using System.Net.Sockets;

namespace Retrieval.Host;

/// <summary>Clients for roles of other processes.</summary>
internal static class PeerClient
{
    // A training of the largest samples on few cores, with room.
    private static readonly TimeSpan LongestCall = TimeSpan.FromHours(1), ConnectTime = TimeSpan.FromSeconds(10);
    private const int QuietSeconds = 15, ProbeSeconds = 5, Probes = 3;

    /// <summary>For calls that answer at once or within the usual 100 seconds.</summary>
    public static HttpClient Usual(string url) => new() { BaseAddress = new Uri(url) };

    /// <summary>For calls that take minutes without a byte, such as trainings: a machine that is gone is noticed by TCP's own probes within half a minute, not by the clock.</summary>
    public static HttpClient Patient(string url) => new(new SocketsHttpHandler { ConnectTimeout = ConnectTime, ConnectCallback = ConnectAsync }) { BaseAddress = new Uri(url), Timeout = LongestCall };

    /// <summary>Makes a socket ask its peer for a sign of life.</summary>
    public static void KeepAlive(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, QuietSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            KeepAlive(socket);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

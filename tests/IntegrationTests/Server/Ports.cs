using System.Net;
using System.Net.Sockets;

namespace Retrieval.IntegrationTests.Server;

/// <summary>Ports below the range that outgoing connections take, so that none is lost between choice and use.</summary>
internal static class Ports
{
    private const int First = 20_000, Count = 12_000;
    private static int _next = Environment.ProcessId * 7;

    public static int Free()
    {
        for (int attempts = 0; attempts < Count; attempts++)
        {
            int port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            if (IsFree(port))
            {
                return port;
            }
        }
        throw new InvalidOperationException($"No port is free from {First} on.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using TcpListener listener = new(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

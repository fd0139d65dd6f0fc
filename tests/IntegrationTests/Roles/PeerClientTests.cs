using System.Net;
using System.Net.Sockets;
using Retrieval.Contracts;
using Retrieval.Host;

namespace Retrieval.IntegrationTests.Roles;

/// <summary>Calls of another process that may take minutes.</summary>
public sealed class PeerClientTests
{
    [Fact]
    public void A_training_is_not_ended_by_the_usual_clock_and_a_dead_machine_is_noticed_without_it()
    {
        using HttpClient client = PeerClient.Patient("http://127.0.0.1:1");
        client.Timeout.ShouldBeGreaterThan(TimeSpan.FromMinutes(30));
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        PeerClient.KeepAlive(socket);
        ((int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)!).ShouldNotBe(0);
        ((int)socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime)!).ShouldBe(15);
    }

    [Fact]
    public async Task A_peer_that_goes_away_in_the_middle_is_unavailable()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Task closing = Task.Factory.StartNew(async () =>
        {
            using TcpClient accepted = await listener.AcceptTcpClientAsync();
            await accepted.GetStream().ReadExactlyAsync(new byte[1]);
        }, default, TaskCreationOptions.None, TaskScheduler.Default).Unwrap();
        using HttpClient client = PeerClient.Patient($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        HttpCodecTrainer trainer = new(client);
        Problem problem = (await Should.ThrowAsync<RetrievalException>(() => trainer.TrainAsync("int8", new float[64], 8, 1, default).WaitAsync(TimeSpan.FromSeconds(60)))).Problem;
        problem.Kind.ShouldBe(ErrorKind.Unavailable);
        await closing;
    }
}

using System.Net;
using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Crash;

/// <summary>A process whose model computes no more: a real session that runs for ever.</summary>
public sealed class DeadModelTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task When_a_run_does_not_come_back_requests_fail_with_the_reason_and_the_process_ends_with_an_error()
    {
        await using ServerProcess server = await ServerProcess.StartAsync(_folder.Path, "--Encoder:Models:0:Path", TableModel.Write(_folder["model"]), "--Encoder:RunSeconds", "1", "--Encoder:Threads", "1");
        (await server.Api.PostJsonAsync("/embed", """{"inputs":"w1 w2"}""")).ShouldBe(HttpStatusCode.OK);
        Task<Answer> hanging = server.Api.PostJsonAsync("/embed", $$"""{"inputs":"{{TableModel.Hanging}}"}"""), waiting = server.Api.PostJsonAsync("/embed", """{"inputs":"w3 w4"}""");
        foreach (Answer answer in await Task.WhenAll(hanging, waiting).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken))
        {
            answer.Status.ShouldBe(503, answer.Text);
            answer.Text.ShouldContain("has not come back after 1 s (Encoder:RunSeconds)");
        }
        Result end = await server.Process.ExitAsync(60);
        end.Code.ShouldNotBe(0, end.Error);
        end.Error.ShouldContain("Encoder:RunSeconds");
    }
}

using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Cli;

public sealed class DoctorTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Everything_that_a_start_needs_is_looked_at_and_nothing_is_left_behind()
    {
        Result result = (await DoctorAsync()).ShouldSucceed();
        foreach (string name in (string[])["runtime", "onnxruntime", "model all-MiniLM-L6-v2", "data folder", "server"])
        {
            result.Out.ShouldContain(name);
        }
        result.Out.ShouldNotContain("\u001b");
        Directory.Exists(_folder["data"]).ShouldBeFalse();

        JsonElement[] findings = [.. JsonDocument.Parse((await DoctorAsync("--json")).ShouldSucceed().Out).RootElement.EnumerateArray()];
        findings.ShouldAllBe(f => f.Names().SequenceEqual(new[] { "name", "status", "detail" }));
        findings.Where(f => f.String("name") != "server").ShouldAllBe(f => f.String("status") == "ok");
    }

    [Fact]
    public async Task A_model_that_cannot_be_served_fails_with_exit_code_1()
    {
        string model = ModelCopy.Create(_folder);
        ModelCopy.Change(model, "onnx/model.onnx", bytes => bytes[..1000]);
        Result result = await DoctorAsync("--Encoder:Models:0:Path", model, "--json");
        result.Code.ShouldBe(1, result.Error);
        JsonElement failed = JsonDocument.Parse(result.Out).RootElement.EnumerateArray().Single(f => f.String("status") == "failed");
        failed.String("detail")!.ShouldContain("model.onnx");
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_fails_with_exit_code_1()
    {
        Result result = await RetrievalProcess.RunAsync(_folder.Path, "doctor", "--data", "/proc/retrieval", "--urls", $"http://127.0.0.1:{Ports.Free()}");
        result.Code.ShouldBe(1, result.Error);
        result.Out.ShouldContain("/proc/retrieval");
    }

    [Fact]
    public async Task A_server_that_runs_is_seen_and_its_folder_is_no_failure()
    {
        await using ServerProcess server = await ServerProcess.StartAsync(_folder.Path);
        Result result = (await RetrievalProcess.RunAsync(_folder.Path, "doctor", "--data", _folder["data"], "--urls", server.Address.OriginalString)).ShouldSucceed();
        result.Out.ShouldContain("is ready");
        result.Out.ShouldContain($"process {server.Process.Id}");
    }

    private Task<Result> DoctorAsync(params string[] more) => RetrievalProcess.RunAsync(_folder.Path, ["doctor", "--data", _folder["data"], "--urls", $"http://127.0.0.1:{Ports.Free()}", .. more]);
}

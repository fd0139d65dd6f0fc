using System.Net;
using System.Net.Sockets;
using System.Text;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Input;

/// <summary>What stops a start is said in one line with an exit code that means something, and leaves nothing behind.</summary>
public sealed class BadStartTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("onnx/model.onnx", "missing", "model.onnx")]
    [InlineData("onnx/model.onnx", "half", "model.onnx")]
    [InlineData("onnx/model.onnx", "text", "model.onnx")]
    [InlineData("onnx/model.onnx", "empty", "model.onnx")]
    [InlineData("tokenizer.json", "missing", "tokenizer.json")]
    [InlineData("tokenizer.json", "half", "tokenizer.json")]
    [InlineData("tokenizer.json", "text", "tokenizer.json")]
    [InlineData("modules.json", "missing", "modules.json")]
    [InlineData("modules.json", "half", "modules.json")]
    [InlineData("modules.json", "object", "modules.json")]
    [InlineData("1_Pooling/config.json", "missing", "config.json")]
    [InlineData("1_Pooling/config.json", "list", "config.json")]
    public async Task A_model_file_that_is_missing_or_damaged_is_named(string file, string damage, string named)
    {
        string model = ModelCopy.Create(_folder);
        ModelCopy.Change(model, file, bytes => damage switch
        {
            "missing" => null,
            "half" => bytes[..(bytes.Length / 2)],
            "empty" => [],
            "object" => "{}"u8.ToArray(),
            "list" => "[1]"u8.ToArray(),
            _ => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("<html>no such file</html>\n", 100))),
        });
        string error = (await ServeAsync("--Encoder:Models:0:Path", model)).ShouldFail(2);
        error.ShouldContain(model);
        error.ShouldContain(named);
    }

    [Fact]
    public async Task A_model_folder_that_is_not_there_is_named() =>
        (await ServeAsync("--Encoder:Models:0:Path", _folder["nowhere"])).ShouldFail(2).ShouldContain(_folder["nowhere"]);

    [Fact]
    public async Task A_model_that_was_damaged_does_not_hold_the_data_folder()
    {
        (await ServeAsync("--Encoder:Models:0:Path", _folder["nowhere"])).ShouldFail(2);
        await using ServerProcess server = await ServerProcess.StartAsync(_folder.Path);
        (await server.Api.GetAsync("/v1/collections")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_is_named()
    {
        // Below a file, and in a file system that takes no files: neither can be written even by root.
        foreach (string data in (string[])[Path.Combine(_folder.Write("file", ""), "below"), "/proc/retrieval"])
        {
            Result result = await RetrievalProcess.RunAsync(_folder.Path, "serve", "--data", data, "--urls", $"http://127.0.0.1:{Ports.Free()}");
            result.ShouldFail(5).ShouldContain(data);
            result.Error.ShouldContain("--data");
        }
    }

    [Fact]
    public async Task A_data_folder_in_use_names_the_process_that_has_it_which_goes_on()
    {
        await using ServerProcess first = await ServerProcess.StartAsync(_folder.Path);
        string error = (await ServeAsync()).ShouldFail(4);
        error.ShouldContain(_folder["data"]);
        error.ShouldContain($"process {first.Process.Id}");
        error.ShouldContain("--data");
        (await first.Api.GetAsync("/v1/collections")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        string address = $"http://127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}";
        string error = (await RetrievalProcess.RunAsync(_folder.Path, "serve", "--data", _folder["data"], "--urls", address)).ShouldFail(4);
        error.ShouldContain(address);
        error.ShouldContain("--urls");
    }

    [Theory]
    [InlineData("not an address")]
    [InlineData("ftp://localhost:1")]
    [InlineData("http://127.0.0.1:99999")]
    public async Task An_address_that_is_none_is_named(string urls) =>
        (await RetrievalProcess.RunAsync(_folder.Path, "serve", "--data", _folder["data"], "--urls", urls)).ShouldFail(2).ShouldContain(urls);

    [Fact]
    public async Task Every_wrong_setting_is_told_at_once_with_what_was_meant()
    {
        string error = (await ServeAsync("--Gatewy:MaxTop", "5", "--Gateway:MaxDocumentByte", "5", "--Ingestion:MaxAttempts", "0", "--Encoder:Provider", "tpu", "--Gateway:WaitSeconds", "soon")).ShouldFail(2);
        error.ShouldContain("5 settings are wrong");
        error.ShouldContain("'Gatewy' is not a section. Did you mean 'Gateway'?");
        error.ShouldContain("'Gateway:MaxDocumentByte' is not a setting. Did you mean 'MaxDocumentBytes'?");
        error.ShouldContain("Ingestion:MaxAttempts = '0'");
        error.ShouldContain("100");
        error.ShouldContain("Encoder:Provider = 'tpu': must be auto, cpu or cuda");
        error.ShouldContain("Gateway:WaitSeconds");
        error.ShouldContain("soon");
    }

    [Fact]
    public async Task Settings_come_from_the_file_beside_the_user_too_and_flags_win()
    {
        _folder.Write("appsettings.json", """{"Gateway":{"MaxTop":3},"Ingestion":{"MaxAttempt":3}}""");
        (await ServeAsync()).ShouldFail(2).ShouldContain("Did you mean 'MaxAttempts'?");

        _folder.Write("appsettings.json", """{"Gateway":{"MaxTop":3}}""");
        await using ServerProcess server = await ServerProcess.StartAsync(_folder.Path, "--Gateway:MaxQueryCharacters=2");
        await server.Api.PutAsync("/v1/collections/c");
        (await server.Api.SearchAsync("c", new { query = "a", top = 4 })).ShouldBeProblem(400, "Invalid", "top").GetProperty("limit").GetString().ShouldBe("1 to 3");
        (await server.Api.SearchAsync("c", new { query = "abc", top = 1 })).ShouldBeProblem(413, "TooLarge", "query");
    }

    [Fact]
    public async Task A_settings_file_that_is_no_JSON_is_named()
    {
        string file = _folder.Write("appsettings.json", "{ \"Gateway\": ");
        (await ServeAsync()).ShouldFail(2).ShouldContain(file);
    }

    [Theory]
    [InlineData("gateway,encoder,compression", "share the catalog")]
    [InlineData("ingestion,encoder,compression", "share the catalog")]
    [InlineData("gateway,ingestion,compression", "Peers:Encoder:Urls:0")]
    [InlineData("gateway,ingestion,encoder", "Peers:Compression:Urls:0")]
    [InlineData("compression", "needs an encoder")]
    [InlineData("gateway,ingestor", "'ingestor' is not a role")]
    public async Task Roles_that_cannot_work_together_are_refused_with_the_reason(string roles, string reason) => (await ServeAsync("--roles", roles)).ShouldFail(2).ShouldContain(reason);

    private Task<Result> ServeAsync(params string[] more) =>
        RetrievalProcess.RunAsync(_folder.Path, ["serve", "--data", _folder["data"], "--urls", $"http://127.0.0.1:{Ports.Free()}", .. more]);
}

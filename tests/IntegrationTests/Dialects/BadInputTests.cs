using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Dialects;

/// <summary>Bad input at every dialect: an answer in its own form, and the next request works.</summary>
public sealed class BadInputTests(ModelServer server) : IClassFixture<ModelServer>
{
    private const string Names = "openai,tei,cohere,jina,qdrant";

    private ApiClient Api => server.Api;

    public static TheoryData<string> Dialects => [.. Names.Split(',')];

    public static MatrixTheoryData<string, string> BrokenBodies => new(Names.Split(','), ["", "null", "{", "[]", "5", "{\"input\":", "{\"model\":7}", "\u00ff"]);

    [Theory]
    [MemberData(nameof(BrokenBodies))]
    public async Task A_body_that_is_no_request(string dialect, string body) => await RefusedAsync(dialect, new StringContent(body, Encoding.Latin1, "application/json"), 400, 422);

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_hundred_thousand_texts(string dialect) => await RefusedAsync(dialect, Body(dialect, "a", 100_000), 400, 413);

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task An_unknown_model(string dialect) => (await RefusedAsync(dialect, Body(dialect, "a", 1, "no-such-model"), 404)).ShouldContain("no-such-model");

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Half_a_surrogate_pair(string dialect) => await RefusedAsync(dialect, Raw(Encoding.UTF8.GetString(await Body(dialect, "HALF", 1).ReadAsByteArrayAsync()).Replace("HALF", "\\ud83c", StringComparison.Ordinal)), 400, 422);

    [Theory]
    [InlineData("openai", 400)]
    [InlineData("tei", 413)]
    [InlineData("cohere", 200)]
    [InlineData("jina", 200)]
    [InlineData("qdrant", 200)]
    public async Task A_text_of_a_megabyte_is_cut_or_refused_as_the_original_does(string dialect, int status)
    {
        Answer answer = await Api.SendAsync(HttpMethod.Post, Route(dialect), Body(dialect, string.Concat(Enumerable.Repeat("lamp ", 200_000)), 1));
        answer.Status.ShouldBe(status, answer.Text[..Math.Min(300, answer.Text.Length)]);
        _ = status == 200 ? "" : Message(dialect, answer);
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_body_over_the_limit_with_its_length_said_and_without(string dialect)
    {
        byte[] body = Encoding.UTF8.GetBytes($"{{\"input\":\"{new string('x', 33 << 20)}\"}}");
        using ByteArrayContent said = new(body);
        using TrickleContent unsaid = new(body, 1 << 20, "application/json");
        (await RefusedAsync(dialect, said, 413)).ShouldContain("Encoder:MaxBodyBytes");
        (await RefusedAsync(dialect, unsaid, 413)).ShouldContain("Encoder:MaxBodyBytes");
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_method_that_the_route_does_not_take(string dialect)
    {
        Answer answer = await Api.GetAsync(Route(dialect));
        (answer.Status, Message(dialect, answer).Length > 0).ShouldBe((405, true));
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_body_without_a_content_type_or_with_another_is_read_as_JSON(string dialect)
    {
        foreach (string? type in (string?[])[null, "text/plain", "application/x-www-form-urlencoded"])
        {
            using HttpContent content = Body(dialect, "a", 1);
            content.Headers.ContentType = type is null ? null : new(type);
            (await Api.SendAsync(HttpMethod.Post, Route(dialect), content)).ShouldBe(HttpStatusCode.OK);
        }
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_client_that_leaves_in_the_middle_of_its_body_or_of_the_answer_disturbs_nobody(string dialect)
    {
        for (int i = 0; i < 4; i++)
        {
            byte[] body = await Body(dialect, "a lamp", 200).ReadAsByteArrayAsync();
            using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"POST {Route(dialect)} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n"));
            await socket.SendAsync(i % 2 == 0 ? body.AsMemory(0, body.Length / 2) : body);
            if (i == 3)
            {
                await socket.ReceiveAsync(new byte[64]); // the answer has begun
            }
            socket.LingerState = new LingerOption(true, 0); // reset
        }
        await WorksAsync(dialect);
    }

    [Fact]
    public async Task A_body_that_comes_drop_by_drop_ends_in_the_dialect_s_error_while_others_are_answered()
    {
        async Task<string> TrickleAsync(string dialect)
        {
            using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"POST {Route(dialect)} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"));
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
            StringBuilder answer = new();
            byte[] buffer = new byte[4096];
            for (int read; (read = await socket.ReceiveAsync(buffer, limit.Token)) > 0;)
            {
                answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }
            return answer.ToString();
        }
        string[] dialects = Names.Split(',');
        Task<string[]> slow = Task.WhenAll(dialects.Select(TrickleAsync));
        Array.ForEach(await Task.WhenAll(dialects.Select(d => Api.SendAsync(HttpMethod.Post, Route(d), Body(d, "a lamp", 2)))), a => a.ShouldBe(HttpStatusCode.OK));
        string[] answers = await slow;
        for (int i = 0; i < dialects.Length; i++)
        {
            answers[i].ShouldStartWith("HTTP/1.1 408");
            string body = answers[i][answers[i].IndexOf('{', StringComparison.Ordinal)..(answers[i].LastIndexOf('}') + 1)];
            Message(dialects[i], new Answer(408, "application/json", null, null, body)).Length.ShouldBeGreaterThan(0);
        }
    }

    [Theory]
    [InlineData("openai", """{"input":[[101,2000000000]]}""", 400)]
    [InlineData("openai", """{"input":[-1]}""", 400)]
    [InlineData("openai", """{"input":[1.5]}""", 400)]
    [InlineData("openai", """{"input":["a",7]}""", 400)]
    [InlineData("openai", """{"input":{"text":"a"}}""", 400)]
    [InlineData("openai", """{"input":[]}""", 400)]
    [InlineData("openai", """{"input":[[]]}""", 400)]
    [InlineData("openai", """{"input":["a",""]}""", 400)]
    [InlineData("openai", """{"input":"a","encoding_format":"base32"}""", 400)]
    [InlineData("openai", """{"input":"a","dimensions":"many"}""", 400)]
    [InlineData("openai", """{"input":"a","dimensions":100}""", 400)]
    [InlineData("openai", """{"input":"a","input_type":"poem"}""", 400)]
    [InlineData("openai", """{"input":"a","prompt_name":"none"}""", 400)]
    [InlineData("tei", """{"inputs":[[101,2000000000]]}""", 422)]
    [InlineData("tei", """{"inputs":"a","dimensions":100}""", 413)]
    [InlineData("tei", """{"inputs":"a","prompt_name":"none"}""", 413)]
    [InlineData("cohere", """{"texts":["a"]}""", 400)]
    [InlineData("cohere", """{"input_type":"search_query","texts":[]}""", 400)]
    [InlineData("cohere", """{"input_type":"search_query","texts":[""]}""", 400)]
    [InlineData("cohere", """{"input_type":"search_query","texts":[null]}""", 400)]
    [InlineData("cohere", """{"input_type":"search_query","texts":["a"],"embedding_types":["int4"]}""", 400)]
    [InlineData("cohere", """{"input_type":"search_query","texts":["a"],"truncate":"MIDDLE"}""", 400)]
    [InlineData("cohere", """{"input_type":"search_query","texts":["a"],"output_dimension":100}""", 400)]
    [InlineData("cohere", """{"input_type":"image","images":["data:image/png;base64,AAAA"]}""", 400)]
    [InlineData("jina", """{"query":"","documents":["a"]}""", 400)]
    [InlineData("jina", """{"query":"a","documents":[]}""", 400)]
    [InlineData("jina", """{"query":"a","documents":[5]}""", 400)]
    [InlineData("jina", """{"query":"a","documents":["b"],"top_n":0}""", 400)]
    public async Task What_the_dialect_does_not_take(string dialect, string body, int status) => await RefusedAsync(dialect, Raw(body), status);

    private async Task<string> RefusedAsync(string dialect, HttpContent body, params int[] statuses)
    {
        Answer answer = await Api.SendAsync(HttpMethod.Post, Route(dialect), body);
        answer.Status.ShouldBeOneOf(statuses);
        string message = Message(dialect, answer);
        await WorksAsync(dialect);
        return message;
    }

    private async Task WorksAsync(string dialect) => (await Api.SendAsync(HttpMethod.Post, Route(dialect), Body(dialect, "a lamp", 2))).ShouldBe(HttpStatusCode.OK);

    /// <summary>The message of an error, whose form has to be the dialect's.</summary>
    internal static string Message(string dialect, Answer answer)
    {
        answer.MediaType.ShouldBe("application/json", answer.Text);
        answer.Text.ShouldNotContain("   at "); // no stack trace leaves the process
        switch (dialect)
        {
            case "openai":
                answer.Json.Names().ShouldBe(["error"]);
                JsonElement error = answer.Json.GetProperty("error");
                error.Names().ShouldBe(["message", "type", "param", "code"]);
                return error.String("message")!;
            case "tei":
                answer.Json.Names().ShouldBe(["error", "error_type"]);
                return answer.Json.String("error")!;
            case "qdrant":
                answer.Json.Names().ShouldBe(["error"]);
                return answer.Json.String("error")!;
            default:
                answer.Json.Names().ShouldBe(["message", "detail"]);
                return answer.Json.String("message")!;
        }
    }

    internal static string Route(string dialect) => dialect switch { "openai" => "/v1/embeddings", "tei" => "/embed", "cohere" => "/v2/embed", "jina" => "/v1/rerank", _ => "/qdrant/inference" };

    internal static HttpContent Body(string dialect, string text, int count, string model = ModelServer.Dense)
    {
        string[] texts = [.. Enumerable.Repeat(text, count)];
        return Raw(dialect switch
        {
            "openai" => JsonSerializer.Serialize(new { model, input = texts }),
            "tei" => JsonSerializer.Serialize(new { model, inputs = texts }),
            "cohere" => JsonSerializer.Serialize(new { model, input_type = "search_document", texts }),
            "jina" => JsonSerializer.Serialize(new { model, query = "a", documents = texts }),
            _ => JsonSerializer.Serialize(new { inputs = texts.Select(data => new { data, data_type = "text", model, options = (object?)null }), inference = "update", token = (string?)null }),
        });
    }

    private static StringContent Raw(string json) => new(json, Encoding.UTF8, "application/json");
}

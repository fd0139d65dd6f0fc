using System.Net;
using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.IntegrationTests.Server;
using Retrieval.Vectors.Codecs;

namespace Retrieval.IntegrationTests.Api;

/// <summary>Codecs for a caller's own vectors, with nothing in the data folder.</summary>
public sealed class CodecServiceTests(InProcessServer server) : IClassFixture<InProcessServer>
{
    private const int Count = 400, Dimensions = 16;

    private static float[][] Rows()
    {
        Random random = new(11);
        return [.. Enumerable.Range(0, Count).Select(_ => Enumerable.Range(0, Dimensions).Select(_ => random.NextSingle() - 0.5f).ToArray())];
    }

    private async Task<JsonElement> PostAsync(string step, object body) => (await server.Api.PostJsonAsync($"/v1/codecs/{step}", JsonSerializer.Serialize(body))).ShouldBe(HttpStatusCode.OK).Json;

    [Fact]
    public async Task What_is_trained_coded_and_decoded_over_http_is_what_the_codec_gives_in_process()
    {
        float[][] rows = Rows();
        float[] numbers = [.. rows.SelectMany(r => r)], decoded = new float[numbers.Length];
        Codec codec = CodecSpec.Parse("pca4:4").Train(new CodecTraining(numbers, Dimensions, 3), TestContext.Current.CancellationToken);
        byte[] codes = new byte[Count * codec.CodeBytes];
        codec.Encode(numbers, codes);
        codec.Decode(codes, decoded);

        JsonElement trained = await PostAsync("train", new { codec = "pca4:4", seed = 3, vectors = rows });
        trained.Names().ShouldBe(["codec", "dimensions", "codeBytes", "sharedBytes", "state"]);
        (trained.String("codec"), trained.Int("dimensions"), trained.Int("codeBytes"), trained.Int("sharedBytes")).ShouldBe(("pca4:4", Dimensions, codec.CodeBytes, (int)codec.SharedBytes));
        string state = trained.String("state")!;
        Convert.FromBase64String(state).ShouldBe(codec.ToBytes());
        byte[] packed = [.. numbers.SelectMany(BitConverter.GetBytes)];
        (await PostAsync("train", new { codec = "pca4:4", seed = 3, float32 = packed, dimensions = Dimensions })).String("state").ShouldBe(state);

        string[] encoded = [.. (await PostAsync("encode", new { state, vectors = rows })).GetProperty("codes").EnumerateArray().Select(c => c.GetString()!)];
        encoded.SelectMany(Convert.FromBase64String).ShouldBe(codes);
        (await PostAsync("decode", new { state, codes = encoded })).GetProperty("vectors").EnumerateArray().SelectMany(v => v.EnumerateArray()).Select(n => n.GetSingle()).ShouldBe(decoded);
        JsonElement description = await PostAsync("describe", new { state });
        (description.String("kind"), description.Int("dimensions"), description.Int("codeBytes")).ShouldBe(("pca4", Dimensions, codec.CodeBytes));
        description.String("about").ShouldNotBeNullOrEmpty();
    }

    [Theory]
    [InlineData("train", """{"codec":"int9","vectors":[[1,2]]}""", 400, "Invalid", "codec", "int9")]
    [InlineData("train", """{"vectors":[[1,2]]}""", 400, "Invalid", "codec", null)]
    [InlineData("train", """{"codec":"int8"}""", 400, "Invalid", "vectors", null)]
    [InlineData("train", """{"codec":"int8","vectors":[[1,2],[3]]}""", 400, "Invalid", "vectors[1]", "1")]
    [InlineData("train", """{"codec":"int8","vectors":[[1,NaN]]}""", 400, "Invalid", "vectors[0][1]", null)]
    [InlineData("train", """{"codec":"int8","vectors":[[1,"2"]]}""", 400, "Invalid", "vectors[0][1]", "\"2\"")]
    [InlineData("train", """{"codec":"int8","vectors":[[1,1e39]]}""", 400, "Invalid", "vectors[0][1]", "Infinity")]
    [InlineData("train", """{"codec":"int8","float32":"AADAfw==","dimensions":1}""", 400, "Invalid", "float32[0][0]", "NaN")]
    [InlineData("train", """{"codec":"int8","float32":"?","dimensions":1}""", 400, "Invalid", "float32", "\"?\"")]
    [InlineData("train", """{"codec":"int8","vectors":[[1]],"sed":1}""", 400, "Invalid", "sed", "sed")]
    [InlineData("encode", """{"state":"UlZDRA==","vectors":[[1,2]]}""", 400, "Invalid", "state", "4 bytes")]
    [InlineData("decode", """{"codes":["AA=="]}""", 400, "Invalid", "state", null)]
    [InlineData("describe", "{}", 400, "Invalid", "state", null)]
    [InlineData("describe", "", 400, "Invalid", "body", null)]
    public async Task What_is_wrong_is_named(string step, string body, int status, string kind, string field, string? value) =>
        (await server.Api.PostJsonAsync($"/v1/codecs/{step}", body)).ShouldBeProblem(status, kind, field).String("value").ShouldBe(value);

    [Fact]
    public async Task Vectors_and_codes_of_another_codec_are_refused()
    {
        string state = (await PostAsync("train", new { codec = "int8", vectors = Rows() })).String("state")!;
        (await server.Api.PostJsonAsync("/v1/codecs/encode", $$"""{"state":"{{state}}","vectors":[[1,2,3]]}""")).ShouldBeProblem(400, "Invalid", "vectors[0]").String("limit").ShouldBe("16 numbers");
        (await server.Api.PostJsonAsync("/v1/codecs/decode", $$"""{"state":"{{state}}","codes":["AAAA"]}""")).ShouldBeProblem(400, "Invalid", "codes[0]").String("limit").ShouldBe("16 bytes");
    }

    [Fact]
    public async Task A_service_of_another_process_answers_as_the_one_here()
    {
        using HttpClient client = new() { BaseAddress = server.Address };
        HttpCodecService remote = new(client);
        CancellationToken cancel = TestContext.Current.CancellationToken;
        CodecTrainResult trained = await remote.TrainAsync(new CodecTrainRequest("pq:4", Rows(), Seed: 7), cancel);
        Codec codec = Codec.Read(trained.State);
        byte[] codes = new byte[Count * codec.CodeBytes];
        codec.Encode(Rows().SelectMany(r => r).ToArray(), codes);
        CodecEncodeResult encoded = await remote.EncodeAsync(new CodecEncodeRequest(trained.State, Rows()), cancel);
        encoded.Codes.SelectMany(c => c).ShouldBe(codes);
        float[] decoded = new float[Count * Dimensions];
        codec.Decode(codes, decoded);
        (await remote.DecodeAsync(new CodecDecodeRequest(trained.State, encoded.Codes), cancel)).Vectors.SelectMany(v => v).ShouldBe(decoded);
        (await remote.DescribeAsync(new CodecDescribeRequest(trained.State), cancel)).Kind.ShouldBe("pq");
        (await Should.ThrowAsync<RetrievalException>(() => remote.TrainAsync(new CodecTrainRequest("pq:5", Rows()), cancel))).Problem.ShouldSatisfyAllConditions(p => p.Kind.ShouldBe(ErrorKind.Invalid), p => p.Field.ShouldBe("codec"));
    }
}

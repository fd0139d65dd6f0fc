using System.Runtime.InteropServices;
using System.Text.Json;
using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.Vectors.Codecs;

namespace Retrieval.UnitTests.Compression;

public sealed class CodecServiceTests
{
    private static readonly CompressionOptions Options = new() { MaxCodecVectors = 400, MaxCodecBytes = 400 * 16 * sizeof(float), MaxCodecDimensions = 32 };
    private readonly LocalCodecService _service = new(new LocalCodecTrainer(), new TrainingQueue(Options), Options);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static float[][] Rows(int rows = 400, int dimensions = 16)
    {
        Random random = new(5);
        return [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, dimensions).Select(_ => random.NextSingle() - 0.5f).ToArray())];
    }

    private async Task<byte[]> StateAsync(string codec) => (await _service.TrainAsync(new CodecTrainRequest(codec, Rows()), Cancel)).State;

    [Theory]
    [InlineData("float32")]
    [InlineData("float16")]
    [InlineData("int8")]
    [InlineData("sign")]
    [InlineData("pq:4")]
    [InlineData("opq+:4")]
    [InlineData("pca:8")]
    [InlineData("pca4:4")]
    [InlineData("rabitq:16")]
    [InlineData("qdrant-scalar")]
    public async Task A_round_trip_is_that_of_the_codec_itself(string spec)
    {
        float[][] rows = Rows();
        float[] numbers = [.. rows.SelectMany(r => r)];
        Codec codec = CodecSpec.Parse(spec).Train(new CodecTraining(numbers, 16, 9), Cancel);
        byte[] codes = new byte[400 * codec.CodeBytes];
        codec.Encode(numbers, codes);
        float[] decoded = new float[numbers.Length];
        codec.Decode(codes, decoded);

        CodecTrainResult trained = await _service.TrainAsync(new CodecTrainRequest(spec, rows, Seed: 9), Cancel);
        (trained.Codec, trained.Dimensions, trained.CodeBytes, trained.SharedBytes).ShouldBe((spec, 16, codec.CodeBytes, codec.SharedBytes));
        trained.State.ShouldBe(codec.ToBytes());
        CodecEncodeResult encoded = await _service.EncodeAsync(new CodecEncodeRequest(trained.State, rows), Cancel);
        encoded.Codes.SelectMany(c => c).ShouldBe(codes);
        (await _service.DecodeAsync(new CodecDecodeRequest(trained.State, encoded.Codes), Cancel)).Vectors.SelectMany(v => v).ShouldBe(decoded);
        CodecDescription description = await _service.DescribeAsync(new CodecDescribeRequest(trained.State), Cancel);
        description.ShouldBe(new CodecDescription(codec.Kind, 16, codec.CodeBytes, trained.State.Length, codec.CodeBytes / 2.0, CodecKind.Find(codec.Kind)!.About));
    }

    [Fact]
    public async Task Packed_vectors_are_the_same_vectors()
    {
        byte[] packed = MemoryMarshal.AsBytes<float>(Rows().SelectMany(r => r).ToArray()).ToArray(), state = await StateAsync("pq:4");
        (await _service.TrainAsync(new CodecTrainRequest("pq:4", Float32: packed, Dimensions: 16), Cancel)).State.ShouldBe(state);
        (await _service.EncodeAsync(new CodecEncodeRequest(state, Float32: packed), Cancel)).Codes.ShouldBe((await _service.EncodeAsync(new CodecEncodeRequest(state, Rows()), Cancel)).Codes);
    }

    [Fact]
    public async Task Vectors_that_cannot_be_coded_are_refused_by_row()
    {
        await ShouldRefuseAsync(new("int8"), ErrorKind.Invalid, "vectors", null);
        await ShouldRefuseAsync(new("int8", Rows(2), new byte[128], 16), ErrorKind.Invalid, "vectors", null);
        await ShouldRefuseAsync(new("int8", []), ErrorKind.Invalid, "vectors", "0");
        await ShouldRefuseAsync(new("int8", [[1, 2], [3]]), ErrorKind.Invalid, "vectors[1]", "1");
        await ShouldRefuseAsync(new("int8", [[1, 2], null!]), ErrorKind.Invalid, "vectors[1]", "0");
        await ShouldRefuseAsync(new("int8", [[1, 2]], Dimensions: 3), ErrorKind.Invalid, "vectors[0]", "2");
        await ShouldRefuseAsync(new("int8", [[1, 2], [3, float.NaN]]), ErrorKind.Invalid, "vectors[1][1]", "NaN");
        await ShouldRefuseAsync(new("int8", [[float.PositiveInfinity, 2]]), ErrorKind.Invalid, "vectors[0][0]", "Infinity");
        await ShouldRefuseAsync(new("int8", Float32: new byte[128]), ErrorKind.Invalid, "dimensions", null);
        await ShouldRefuseAsync(new("int8", Float32: new byte[127], Dimensions: 16), ErrorKind.Invalid, "float32", "127 bytes");
        await ShouldRefuseAsync(new("int8", Float32: new byte[128], Dimensions: 0), ErrorKind.Invalid, "dimensions", "0");
        await ShouldRefuseAsync(new("int8", Rows(401)), ErrorKind.TooLarge, "vectors", "401");
        await ShouldRefuseAsync(new("int8", Rows(400, 17)), ErrorKind.TooLarge, "vectors", "27200");
        await ShouldRefuseAsync(new("int8", Rows(1, 33)), ErrorKind.TooLarge, "vectors[0]", "33");
    }

    [Theory]
    [InlineData("")]
    [InlineData("int9")]
    [InlineData("pq")]
    [InlineData("pq:7")]
    [InlineData("int8:4")]
    public Task A_codec_that_there_is_not_or_that_does_not_fit_is_refused(string codec) => ShouldRefuseAsync(new(codec, Rows()), ErrorKind.Invalid, "codec", codec);

    [Fact]
    public async Task A_state_that_is_not_whole_is_refused_everywhere()
    {
        byte[] state = await StateAsync("int8");
        byte[] flipped = [.. state];
        flipped[^12] ^= 1;
        foreach (byte[] damaged in (byte[][])[null!, [], [1, 2, 3], state[..^1], flipped])
        {
            foreach (Func<Task> use in (Func<Task>[])[() => _service.EncodeAsync(new(damaged, Rows(1)), Cancel), () => _service.DecodeAsync(new(damaged, [[1]]), Cancel), () => _service.DescribeAsync(new(damaged), Cancel)])
            {
                Problem problem = (await Should.ThrowAsync<RetrievalException>(use)).Problem;
                (problem.Kind, problem.Field).ShouldBe((ErrorKind.Invalid, "state"));
                problem.Help.ShouldNotBeNull();
            }
        }
    }

    [Fact]
    public async Task A_state_of_more_dimensions_than_are_taken_is_refused()
    {
        byte[] wide = CodecSpec.Parse("float32").Train(new CodecTraining(new float[33], 33, 1), Cancel).ToBytes();
        (await Should.ThrowAsync<RetrievalException>(() => _service.DescribeAsync(new(wide), Cancel))).Problem.ShouldSatisfyAllConditions(p => p.Kind.ShouldBe(ErrorKind.TooLarge), p => p.Field.ShouldBe("state"));
    }

    [Fact]
    public async Task Codes_of_another_length_and_codes_of_no_number_are_refused_by_number()
    {
        byte[] state = await StateAsync("int8"), plain = await StateAsync("float32");
        byte[] nan = [.. Enumerable.Repeat((byte)255, 64)];
        foreach ((CodecDecodeRequest request, string field) in (IEnumerable<(CodecDecodeRequest, string)>)[
            (new(state, [new byte[16], new byte[15]]), "codes[1]"), (new(state, [null!]), "codes[0]"), (new(state, []), "codes"), (new(state, null!), "codes"), (new(plain, [nan]), "codes[0]")])
        {
            Problem problem = (await Should.ThrowAsync<RetrievalException>(() => _service.DecodeAsync(request, Cancel))).Problem;
            (problem.Kind, problem.Field).ShouldBe((ErrorKind.Invalid, field));
        }
    }

    [Fact]
    public async Task A_vector_that_this_codec_cannot_code_is_refused()
    {
        byte[] half = await StateAsync("float16");
        float[] large = [.. Enumerable.Repeat(1e9f, 16)];
        Problem problem = (await Should.ThrowAsync<RetrievalException>(() => _service.EncodeAsync(new(half, [large]), Cancel))).Problem;
        (problem.Kind, problem.Field).ShouldBe((ErrorKind.Invalid, "vectors"));
        problem.Detail.ShouldContain("row 0, dimension 0");
    }

    [Fact]
    public async Task A_cancelled_call_ends()
    {
        byte[] state = await StateAsync("int8");
        CancellationToken cancelled = new(true);
        await Should.ThrowAsync<OperationCanceledException>(() => _service.TrainAsync(new("pq:4", Rows()), cancelled));
        await Should.ThrowAsync<OperationCanceledException>(() => _service.EncodeAsync(new(state, Rows()), cancelled));
        await Should.ThrowAsync<OperationCanceledException>(() => _service.DecodeAsync(new(state, [new byte[16]]), cancelled));
        await Should.ThrowAsync<OperationCanceledException>(() => _service.DescribeAsync(new(state), cancelled));
    }

    [Fact]
    public void Bytes_are_base64_on_the_wire_and_unknown_fields_are_refused()
    {
        JsonSerializer.Serialize(new CodecEncodeResult([[1, 2, 255]]), WireJson.Strict.CodecEncodeResult).ShouldBe("""{"codes":["AQL/"]}""");
        CodecTrainRequest read = JsonSerializer.Deserialize("""{"codec":"int8","float32":"AACAPw==","dimensions":1}""", WireJson.Strict.CodecTrainRequest)!;
        (read.Codec, read.Dimensions, read.Seed, BitConverter.ToSingle(read.Float32)).ShouldBe(("int8", 1, 1, 1f));
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize("""{"state":"AA==","vector":[]}""", WireJson.Strict.CodecEncodeRequest));
    }

    private async Task ShouldRefuseAsync(CodecTrainRequest request, ErrorKind kind, string field, string? value)
    {
        Problem problem = (await Should.ThrowAsync<RetrievalException>(() => _service.TrainAsync(request, Cancel))).Problem;
        (problem.Kind, problem.Field, problem.Value).ShouldBe((kind, field, value), problem.Detail);
        problem.Limit.ShouldNotBeNull();
    }
}

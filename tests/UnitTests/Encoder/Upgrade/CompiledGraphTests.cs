using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Encoder.Upgrade;

/// <summary>The cache of compiled graphs: what a changed, damaged or half-written file means.</summary>
public sealed class CompiledGraphTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ts-sdpa-14.onnx", "model.onnx")]
    [InlineData("external.onnx", "external.onnx_data")]
    public async Task A_changed_byte_of_a_source_is_seen_though_its_size_and_time_are_as_before(string form, string file)
    {
        string model = Write(form), path = Path.Combine(model, "onnx", file);
        (string space, float[] vector) = await EmbedAsync(model);
        DateTime time = File.GetLastWriteTimeUtc(path);
        byte[] before = File.ReadAllBytes(path), after = [.. before];
        // The lowest bits of a float in the middle of the weights.
        after[after.Length / 2 / 4 * 4] ^= 1;
        await ReplaceAsync(path, after, time);
        (await EmbedAsync(model)).Space.ShouldNotBe(space);
        await ReplaceAsync(path, before, time);
        (await EmbedAsync(model)).ShouldSatisfyAllConditions(again => again.Space.ShouldBe(space), again => again.Vector.ShouldBe(vector));
        Directory.GetFiles(_folder["compiled"], "*.onnx").Length.ShouldBe(2);
    }

    [Fact]
    public async Task A_changed_byte_of_the_compiled_file_is_mended()
    {
        string model = Write();
        (string space, float[] vector) = await EmbedAsync(model);
        string compiled = Directory.GetFiles(_folder["compiled"], "*.onnx").ShouldHaveSingleItem();
        byte[] whole = File.ReadAllBytes(compiled), damaged = [.. whole];
        DateTime time = File.GetLastWriteTimeUtc(compiled);
        Random random = new(12);
        for (int round = 0; round < 12; round++)
        {
            int at = random.Next(whole.Length);
            damaged[at] ^= (byte)(1 << random.Next(8));
            await ReplaceAsync(compiled, damaged, time);
            (await EmbedAsync(model)).ShouldSatisfyAllConditions(again => again.Space.ShouldBe(space), again => again.Vector.ShouldBe(vector, $"seed 12, byte {at}"));
            File.ReadAllBytes(compiled).ShouldBe(whole);
            damaged[at] = whole[at];
        }
    }

    [Theory]
    [InlineData("*.check")]
    [InlineData("*.link")]
    [InlineData("*.onnx")]
    public async Task A_part_of_the_cache_that_is_missing_or_senseless_is_made_again(string pattern)
    {
        string model = Write();
        (string space, float[] vector) = await EmbedAsync(model);
        string file = Directory.GetFiles(_folder["compiled"], pattern).ShouldHaveSingleItem();
        byte[] whole = File.ReadAllBytes(file);
        foreach (byte[]? content in (byte[]?[])[null, [], "no such line"u8.ToArray(), [.. whole[..(whole.Length / 2)]], new byte[whole.Length]])
        {
            File.Delete(file);
            if (content is not null)
            {
                File.WriteAllBytes(file, content);
            }
            (await EmbedAsync(model)).ShouldSatisfyAllConditions(again => again.Space.ShouldBe(space), again => again.Vector.ShouldBe(vector));
            File.ReadAllBytes(file).ShouldBe(whole);
        }
    }

    [Fact]
    public async Task What_a_killed_process_left_goes_and_what_another_writes_now_stays()
    {
        string model = Write();
        Directory.CreateDirectory(_folder["compiled"]);
        string left = Path.Combine(_folder["compiled"], "a.onnx.77.part"), written = Path.Combine(_folder["compiled"], "b.onnx.78.part");
        File.WriteAllBytes(left, new byte[100]);
        using (FileStream writer = File.Create(written))
        {
            writer.WriteByte(1);
            await EmbedAsync(model);
            File.Exists(left).ShouldBeFalse();
            File.Exists(written).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task Models_of_one_graph_share_its_compiled_file()
    {
        string one = Write(), other = TinyModel.Write(_folder["other"]);
        File.Copy(Path.Combine(one, "retrieval.json"), Path.Combine(other, "retrieval.json"));
        string space = (await EmbedAsync(one)).Space;
        DateTime written = File.GetLastWriteTimeUtc(Directory.GetFiles(_folder["compiled"], "*.onnx").ShouldHaveSingleItem());
        (await EmbedAsync(other)).Space.ShouldBe(space);
        File.GetLastWriteTimeUtc(Directory.GetFiles(_folder["compiled"], "*.onnx").ShouldHaveSingleItem()).ShouldBe(written);
    }

    [Fact]
    public void A_cache_that_cannot_be_written_is_named_with_the_way_out()
    {
        string model = Write();
        File.WriteAllText(_folder["compiled"], "a file where the folder would be");
        Should.Throw<RetrievalException>(() => LocalEncoder.Load(TinyModel.Options(_folder["compiled"], model), NullLogger.Instance)).Message.ShouldContain("name another folder with Encoder:CompiledFolder");
    }

    private string Write(string form = "ts-sdpa-14.onnx")
    {
        string model = TinyModel.Write(_folder["model"], form);
        if (form == "external.onnx")
        {
            File.Copy(Path.Combine(Shared.Require("golden", "bert"), "external.onnx_data"), Path.Combine(model, "onnx", "external.onnx_data"));
        }
        File.WriteAllText(Path.Combine(model, "retrieval.json"), """{"version":1,"passes":[{"pass":"tempScale","temperature":0.9}]}""");
        return model;
    }

    private static async Task ReplaceAsync(string path, byte[] content, DateTime time)
    {
        await File.WriteAllBytesAsync(path, content);
        File.SetLastWriteTimeUtc(path, time);
    }

    private async Task<(string Space, float[] Vector)> EmbedAsync(string model)
    {
        using LocalEncoder encoder = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], model), NullLogger.Instance);
        EmbedResult result = await encoder.EmbedAsync(new EmbedRequest(["ab cd ef"]), CancellationToken.None);
        return (result.Space, result.Vectors[0]);
    }
}

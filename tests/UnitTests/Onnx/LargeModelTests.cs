using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Retrieval.Onnx;
using Retrieval.Onnx.Wire;

namespace Retrieval.UnitTests.Onnx;

/// <summary>Models above protobuf's 2 GiB: with their weights beside them they are read, rewritten and run; inside one file they are refused.</summary>
public sealed class LargeModelTests(ITestOutputHelper output) : IDisposable
{
    // A table of words of 2.2 GB in place of 320 rows of 64 numbers; all but the first rows are holes in the file.
    private const long Rows = 8_600_000, Width = 64, Bytes = Rows * Width * 4;
    private const long MostMemory = 256 << 20;
    private const string Data = "large.onnx_data";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_above_2_GiB_is_not_written_into_one_file_and_one_file_above_it_is_not_read()
    {
        OnnxModel large = Large();
        large.WeightBytes.ShouldBeGreaterThan(int.MaxValue);
        Should.Throw<OnnxFormatException>(() => large.Write(_folder["inside.onnx"])).Message.ShouldContain("protobuf ends at 2 GiB. Write its weights to a file of their own");
        File.Exists(_folder["inside.onnx"]).ShouldBeFalse();
        Directory.GetFiles(_folder.Path, "*.part").ShouldBeEmpty();
        using (FileStream whole = File.Create(_folder["whole.onnx"]))
        {
            whole.Write(File.ReadAllBytes(Goldens.PathOf("bert", "ts-sdpa-14")));
            whole.SetLength(Bytes);
        }
        Should.Throw<OnnxFormatException>(() => OnnxModel.Read(_folder["whole.onnx"])).Message.ShouldContain("Save the model with its weights in a file beside it (external data)");
        Should.Throw<OnnxFormatException>(() => OnnxModelInfo.Read(_folder["whole.onnx"])).Message.ShouldContain("protobuf ends at 2 GiB");
    }

    [Fact]
    public void A_model_above_2_GiB_is_read_rewritten_and_run_in_little_memory()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("RETRIEVAL_FULL") == "1", "Optional: writes 2.2 GB. RETRIEVAL_FULL=1 runs it.");
        Large();
        long before = Peak(reset: true), began = Stopwatch.GetTimestamp();
        new TempScale(0.8).Apply(OnnxModel.Read(_folder["large.onnx"])).Write(_folder["scaled.onnx"], "scaled.onnx_data");
        long used = Peak(reset: false) - before;
        output.WriteLine($"{Bytes >> 20} MiB read, tempered and written in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s; peak of memory {used >> 20} MiB above the {before >> 20} MiB before, {(double)used / Bytes:0.000} of the file");
        used.ShouldBeLessThan(MostMemory);
        new FileInfo(_folder["scaled.onnx_data"]).Length.ShouldBeGreaterThan(Bytes);
        OnnxModel small = new TempScale(0.8).Apply(OnnxModel.Read(Goldens.PathOf("bert", "ts-sdpa-14")));
        using ModelRun expected = new(small);
        using InferenceSession session = new(_folder["scaled.onnx"]);
        long[] ids = [2, 17, 99, 250, 3], ones = [1, 1, 1, 1, 1];
        using OrtValue tokens = OrtValue.CreateTensorValueFromMemory(ids, [1, 5]), mask = OrtValue.CreateTensorValueFromMemory(ones, [1, 5]), types = OrtValue.CreateTensorValueFromMemory(new long[5], [1, 5]);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> states = session.Run(run, ["input_ids", "attention_mask", "token_type_ids"], [tokens, mask, types], ["last_hidden_state"]);
        Near.Largest(states[0].GetTensorDataAsSpan<float>(), expected.Floats(new Feed(1, ids, ones, new long[5]), "last_hidden_state").Values).ShouldBeLessThan(1e-6);
    }

    /// <summary>The golden BERT with a table that no protobuf holds, beside it in a sparse file.</summary>
    private OnnxModel Large()
    {
        OnnxModel small = OnnxModel.Read(Goldens.PathOf("bert", "ts-sdpa-14"));
        small.Write(_folder["large.onnx"], Data);
        ModelProto proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(_folder["large.onnx"]));
        TensorProto words = proto.Graph.Initializer.Single(t => t.Dims.Count == 2 && t.Dims[0] == 320 && t.Dims[1] == Width);
        long at = long.Parse(words.ExternalData.Single(e => e.Key == "offset").Value, CultureInfo.InvariantCulture);
        using (FileStream data = File.Open(_folder[Data], FileMode.Open))
        {
            byte[] rows = new byte[320 * Width * 4];
            data.Position = at;
            data.ReadExactly(rows);
            long end = (data.Length + 63) / 64 * 64;
            data.Position = end;
            data.Write(rows);
            data.SetLength(end + Bytes);
            words.Dims[0] = Rows;
            words.ExternalData.Single(e => e.Key == "offset").Value = end.ToString(CultureInfo.InvariantCulture);
            words.ExternalData.Single(e => e.Key == "length").Value = Bytes.ToString(CultureInfo.InvariantCulture);
        }
        File.WriteAllBytes(_folder["large.onnx"], proto.ToByteArray());
        return OnnxModel.Read(_folder["large.onnx"]);
    }

    /// <summary>The most memory that the process had resident since the last reset, in bytes; Linux keeps it.</summary>
    private static long Peak(bool reset)
    {
        if (reset)
        {
            GC.Collect();
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
        return long.Parse(File.ReadLines("/proc/self/status").Single(l => l.StartsWith("VmHWM", StringComparison.Ordinal)).Split(':', 2)[1].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) << 10;
    }
}

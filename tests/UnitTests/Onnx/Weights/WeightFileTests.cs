using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Retrieval.Onnx;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Onnx.Weights;

public sealed class WeightFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Safetensors_give_back_what_was_written()
    {
        Random random = new(1);
        WeightTensor[] tensors = [new("linear.weight", [3, 4], Numbers(random, 12)), new("linear.bias", [3], Numbers(random, 3)), new("empty", [0, 7], [])];
        Safetensors.Write(_folder["model.safetensors"], tensors);
        WeightFile file = WeightFile.Open(_folder["model.safetensors"]);
        file.Names.ShouldBe(["linear.weight", "linear.bias", "empty"]);
        foreach (WeightTensor tensor in tensors)
        {
            WeightTensor read = file.Require(tensor.Name, tensor.Shape);
            read.Values.ShouldBe(tensor.Values);
        }
        file.Find("absent").ShouldBeNull();
        Directory.GetFiles(_folder.Path).Length.ShouldBe(1);
    }

    [Theory]
    [InlineData("F64", new byte[] { 0, 0, 0, 0, 0, 0, 248, 191 })]
    [InlineData("F32", new byte[] { 0, 0, 192, 191 })]
    [InlineData("F16", new byte[] { 0, 190 })]
    [InlineData("BF16", new byte[] { 192, 191 })]
    public void Every_float_type_of_safetensors_is_read(string type, byte[] bytes)
    {
        Write("model.safetensors", Safetensor($$"""{"__metadata__":{"format":"pt"},"x":{"dtype":"{{type}}","shape":[1],"data_offsets":[0,{{bytes.Length}}] } }""", bytes));
        WeightFile.Open(_folder["model.safetensors"]).Require("x", 1).Values.ShouldBe([-1.5f]);
    }

    [Fact]
    public void Integers_are_refused_by_name()
    {
        Write("model.safetensors", Safetensor("""{"x":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}""", [1]));
        Should.Throw<OnnxFormatException>(() => WeightFile.Open(_folder["model.safetensors"]).Find("x")).Message.ShouldContain("tensor 'x' of type I8");
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("\u0005\0\0\0\0\0\0\0{}")]
    [InlineData("\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff{}")]
    [InlineData("\u0002\0\0\0\0\0\0\0[]")]
    public void Damaged_safetensors_are_named(string content)
    {
        Write("model.safetensors", Encoding.Latin1.GetBytes(content));
        Should.Throw<OnnxFormatException>(() => WeightFile.Open(_folder["model.safetensors"])).Message.ShouldContain(_folder["model.safetensors"]);
    }

    [Theory]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""")]
    [InlineData("""{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""")]
    [InlineData("""{"x":{"shape":[1],"data_offsets":[0,4]}}""")]
    [InlineData("""{"x":3}""")]
    public void A_tensor_that_does_not_fit_its_file_is_refused(string header)
    {
        Write("model.safetensors", Safetensor(header, [0, 0, 0, 0]));
        Should.Throw<OnnxFormatException>(() => WeightFile.Open(_folder["model.safetensors"])).Message.ShouldContain("model.safetensors");
    }

    [Fact]
    public void Arrays_of_numpy_are_read_alone_and_from_an_archive()
    {
        byte[] npy = Npy("<f4", "False", "2, 2", [0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64]);
        Write("latents.npy", npy);
        WeightFile.Open(_folder["latents.npy"]).Require("latents", 2, 2).Values.ShouldBe([1, 2, 3, 4]);
        using (ZipArchive zip = ZipFile.Open(_folder["head.npz"], ZipArchiveMode.Create))
        {
            using Stream entry = zip.CreateEntry("nv.latents.npy").Open();
            entry.Write(npy);
        }
        WeightFile.Open(_folder["head.npz"]).Require("nv.latents", -1, 2).Values.ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public void The_heads_of_the_goldens_are_read_as_the_test_reader_reads_them()
    {
        string path = Shared.Require("golden", "heads", "heads.npz");
        Npz expected = Npz.Read(path);
        WeightFile file = WeightFile.Open(path);
        file.Names.Order().ShouldBe(expected.Keys.Order());
        foreach (string name in file.Names)
        {
            WeightTensor tensor = file.Require(name, [.. expected.Shape(name).Select(s => (int)s)]);
            tensor.Values.ShouldBe(expected.Floats(name), name);
        }
    }

    [Theory]
    [InlineData("<i8", "False", "1", 8, "of type '<i8'")]
    [InlineData("<f4", "True", "1, 2", 8, "Fortran")]
    [InlineData("<f4", "False", "3", 8, "2 numbers for array 'x' of 3")]
    public void Arrays_that_are_not_read_are_refused_by_name(string type, string fortran, string shape, int bytes, string expected)
    {
        Write("x.npy", Npy(type, fortran, shape, new byte[bytes]));
        Should.Throw<OnnxFormatException>(() => WeightFile.Open(_folder["x.npy"]).Find("x")).Message.ShouldContain(expected);
    }

    [Fact]
    public void Damaged_archives_are_named()
    {
        Write("x.npy", [1, 2, 3]);
        Should.Throw<OnnxFormatException>(() => WeightFile.Open(_folder["x.npy"]).Find("x")).Message.ShouldContain("NumPy");
        Write("x.npz", [1, 2, 3]);
        Should.Throw<OnnxFormatException>(() => WeightFile.Open(_folder["x.npz"])).Message.ShouldContain("x.npz");
        Should.Throw<OnnxFormatException>(() => WeightFile.Open(_folder["absent.npz"])).Message.ShouldContain("absent.npz");
        Should.Throw<OnnxFormatException>(() => WeightFile.Open(_folder["model.bin"])).Message.ShouldContain("'.bin'");
    }

    [Fact]
    public void A_tensor_that_is_missing_or_of_another_shape_is_refused_with_the_way_out()
    {
        Safetensors.Write(_folder["model.safetensors"], [new WeightTensor("linear.weight", [2, 3], new float[6])]);
        WeightFile file = WeightFile.Open(_folder["model.safetensors"]);
        Should.Throw<OnnxFormatException>(() => file.Require("linear.bias", 2)).Message.ShouldContain("no tensor 'linear.bias'; it has linear.weight");
        Should.Throw<OnnxFormatException>(() => file.Require("linear.weight", 2, 4)).Message.ShouldContain("of 2 x 3; 2 x 4 is needed");
    }

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];

    private void Write(string name, byte[] bytes) => File.WriteAllBytes(_folder[name], bytes);

    private static byte[] Safetensor(string header, byte[] data)
    {
        byte[] length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        return [.. length, .. Encoding.UTF8.GetBytes(header), .. data];
    }

    private static byte[] Npy(string type, string fortran, string shape, byte[] data)
    {
        string header = $"{{'descr': '{type}', 'fortran_order': {fortran}, 'shape': ({shape}), }}\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. data];
    }
}

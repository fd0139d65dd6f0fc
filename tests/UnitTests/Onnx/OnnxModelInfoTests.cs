using Google.Protobuf;
using Retrieval.Onnx;
using Retrieval.Onnx.Wire;

namespace Retrieval.UnitTests.Onnx;

public sealed class OnnxModelInfoTests
{
    [Fact]
    public void A_model_says_what_it_is()
    {
        using ModelFile file = new ModelFile().With(ModelFile.Model());
        OnnxModelInfo info = OnnxModelInfo.Read(file.Path);
        (info.IrVersion, info.Producer, info.Nodes, info.Parameters, info.Opsets[""]).ShouldBe((8L, "test", 1, 16L, 17L));
        OnnxValue input = info.Inputs.ShouldHaveSingleItem();
        (input.Name, input.ElementType, string.Join(' ', input.Shape)).ShouldBe(("x", 1, "n 4"));
        info.Outputs.Select(o => o.Name).ShouldBe(["y"]);
        info.ExternalFiles.ShouldBe([file.Weights]);
    }

    [Fact]
    public void The_hash_changes_with_every_byte_of_the_model_and_of_its_other_files()
    {
        using ModelFile file = new ModelFile().With(ModelFile.Model());
        HashSet<string> hashes = [OnnxModelInfo.Read(file.Path).Hash];
        byte[] weights = File.ReadAllBytes(file.Weights);
        for (int i = 0; i < weights.Length; i++)
        {
            byte[] changed = [.. weights];
            changed[i] ^= 1;
            File.WriteAllBytes(file.Weights, changed);
            hashes.Add(OnnxModelInfo.Read(file.Path).Hash).ShouldBeTrue($"byte {i}");
        }
        File.WriteAllBytes(file.Weights, weights);
        hashes.Contains(OnnxModelInfo.Read(file.Path).Hash).ShouldBeTrue();
        ModelProto renamed = ModelFile.Model();
        renamed.ProducerName = "Test";
        hashes.Add(OnnxModelInfo.Read(file.With(renamed).Path).Hash).ShouldBeTrue();
    }

    [Fact]
    public void A_model_that_is_cut_anywhere_is_refused()
    {
        using ModelFile file = new();
        byte[] whole = ModelFile.Model().ToByteArray();
        for (int length = 0; length < whole.Length; length++)
        {
            Refusal(file.With(whole[..length])).ShouldContain("Fetch or export it again", customMessage: $"{length} of {whole.Length} bytes");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_damaged_model_is_read_or_refused_and_nothing_else(int seed)
    {
        Random random = new(seed);
        using ModelFile file = new();
        byte[] whole = ModelFile.Model().ToByteArray();
        for (int round = 0; round < 2000; round++)
        {
            byte[] damaged = [.. whole];
            for (int changes = random.Next(1, 5); changes > 0; changes--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }
            file.With(damaged);
            Exception? exception = Record.Exception(() => OnnxModelInfo.Read(file.Path));
            (exception is null or OnnxFormatException).ShouldBeTrue($"seed {seed}, round {round}: {exception}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Bytes_by_chance_are_no_model(int seed)
    {
        Random random = new(seed);
        using ModelFile file = new();
        for (int round = 0; round < 300; round++)
        {
            byte[] bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            Refusal(file.With(bytes)).ShouldContain("not an ONNX model", customMessage: $"seed {seed}, round {round}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 23703069\n")]
    [InlineData("<!DOCTYPE html><html>Not found</html>")]
    public void A_text_file_is_no_model(string text)
    {
        using ModelFile file = new();
        Refusal(file.With(System.Text.Encoding.UTF8.GetBytes(text))).ShouldContain("not an ONNX model");
    }

    [Fact]
    public void A_missing_model_is_named()
    {
        using ModelFile file = new();
        Refusal(file).ShouldContain("Give the path of an ONNX file");
        Should.Throw<OnnxFormatException>(() => OnnxModelInfo.Read(Path.GetDirectoryName(file.Path)!)).Message.ShouldContain("Give the path of an ONNX file");
    }

    [Fact]
    public void A_missing_file_of_weights_is_named_with_its_tensor()
    {
        using ModelFile file = new ModelFile().With(ModelFile.Model());
        File.Delete(file.Weights);
        string refusal = Refusal(file);
        refusal.ShouldContain($"tensor 'w' in {file.Weights}, which is missing");
        refusal.ShouldContain("Put that file beside the model");
    }

    [Fact]
    public void A_cut_file_of_weights_is_named_with_both_lengths()
    {
        using ModelFile file = new ModelFile().With(ModelFile.Model());
        File.WriteAllBytes(file.Weights, new byte[63]);
        string refusal = Refusal(file);
        refusal.ShouldContain($"{file.Weights} up to byte 64, but that file ends at 63");
        refusal.ShouldContain("Fetch or export it again");
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("a/../../x")]
    [InlineData("/etc/hostname")]
    [InlineData("")]
    [InlineData("x\0y")]
    public void Weights_outside_the_folder_are_refused(string location)
    {
        using ModelFile file = new ModelFile().With(ModelFile.Model(location));
        string refusal = Refusal(file);
        refusal.ShouldContain("tensor 'w'");
        refusal.ShouldContain("Save the model again with its weights beside it, or inside it.");
    }

    [Fact]
    public void Weights_in_a_folder_below_are_found()
    {
        using ModelFile file = new ModelFile().With(ModelFile.Model("sub/w.bin"));
        string below = Path.Combine(Path.GetDirectoryName(file.Path)!, "sub");
        Directory.CreateDirectory(below);
        File.Copy(file.Weights, Path.Combine(below, "w.bin"));
        OnnxModelInfo.Read(file.Path).ExternalFiles.ShouldBe([Path.Combine(below, "w.bin")]);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void A_tensor_of_an_impossible_size_is_refused(long size)
    {
        ModelProto model = ModelFile.Model();
        model.Graph.Initializer[0].Dims.Add(size);
        using ModelFile file = new ModelFile().With(model);
        Refusal(file).ShouldContain("impossible size. Fetch or export it again");
    }

    /// <summary>The message, which begins with the file.</summary>
    private static string Refusal(ModelFile file)
    {
        OnnxFormatException refusal = Should.Throw<OnnxFormatException>(() => OnnxModelInfo.Read(file.Path));
        refusal.File.ShouldBe(file.Path);
        refusal.Message.ShouldStartWith(file.Path + " ");
        return refusal.Message;
    }
}

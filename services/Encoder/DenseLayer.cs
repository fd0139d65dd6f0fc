using System.Numerics.Tensors;
using System.Security.Cryptography;
using System.Text.Json;
using Retrieval.Onnx;

namespace Retrieval.Encoder;

/// <summary>A Dense module of sentence-transformers: y = activation(W x + b).</summary>
internal sealed class DenseLayer : IVectorStep
{
    private const string Identity = "torch.nn.modules.linear.Identity", Tanh = "torch.nn.modules.activation.Tanh", Bias = "linear.bias";
    private readonly float[] _weights, _bias;
    private readonly bool _tanh;
    private readonly string _file;

    private DenseLayer(string file, WeightTensor weight, float[] bias, bool tanh, string id) => (_file, _weights, Inputs, _bias, _tanh, Id) = (file, weight.Values, weight.Shape[1], bias, tanh, id);

    /// <summary>Numbers in.</summary>
    public int Inputs { get; }

    /// <inheritdoc/>
    public string Id { get; }

    /// <inheritdoc/>
    public int Outputs(int inputs) => inputs == Inputs ? _bias.Length : throw new ModelFormatException(_file, $"is a dense layer of {Inputs} inputs behind {inputs} numbers. Take the one that belongs to this model.");

    /// <summary>Reads config.json and model.safetensors of a module's folder.</summary>
    public static DenseLayer Load(string folder)
    {
        string weightsFile = Path.Combine(folder, "model.safetensors");
        if (!File.Exists(weightsFile))
        {
            throw new ModelFormatException(weightsFile, "is missing: the weights of a Dense module are read from it. Convert pytorch_model.bin to safetensors.");
        }
        JsonElement config = ModelFolder.ReadJson(Path.Combine(folder, "config.json"));
        string activation = config.ValueKind == JsonValueKind.Object && config.TryGetProperty("activation_function", out JsonElement value) ? $"{value}" : Tanh;
        if (activation is not (Identity or Tanh))
        {
            throw new ModelFormatException(Path.Combine(folder, "config.json"), $"asks for activation {activation}; {Identity} and {Tanh} are computed.");
        }
        DenseLayer layer = OfFile(weightsFile, activation == Tanh);
        bool biased = WeightFile.Open(weightsFile).Names.Contains(Bias);
        return config.ValueKind == JsonValueKind.Object && config.TryGetProperty("bias", out JsonElement said) && said.ValueKind is JsonValueKind.True or JsonValueKind.False && said.GetBoolean() != biased
            ? throw new ModelFormatException(Path.Combine(folder, "config.json"), $"says bias {said}, but {weightsFile} has {(biased ? "one" : "none")}. Fetch the folder again.") : layer;
    }

    /// <summary>Reads linear.weight and, where there is one, linear.bias.</summary>
    public static DenseLayer OfFile(string path, bool tanh)
    {
        WeightFile file = WeightFile.Open(path);
        WeightTensor weight = file.Require("linear.weight", -1, -1);
        float[] bias = file.Names.Contains(Bias) ? file.Require(Bias, weight.Shape[0]).Values : new float[weight.Shape[0]];
        string id = $"dense:{(tanh ? "tanh:" : "")}{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}";
        return new DenseLayer(path, weight, bias, tanh, id);
    }

    /// <inheritdoc/>
    public float[] Apply(float[] vector)
    {
        float[] output = new float[_bias.Length];
        for (int i = 0; i < output.Length; i++)
        {
            output[i] = TensorPrimitives.Dot(_weights.AsSpan(i * Inputs, Inputs), vector) + _bias[i];
        }
        if (_tanh)
        {
            TensorPrimitives.Tanh(output, output);
        }
        return output;
    }
}

using System.Numerics.Tensors;
using System.Security.Cryptography;
using System.Text.Json;
using Retrieval.Onnx;

namespace Retrieval.Encoder;

/// <summary>A Dense module of sentence-transformers: y = activation(W x + b).</summary>
internal sealed class DenseLayer
{
    private const string Identity = "torch.nn.modules.linear.Identity", Tanh = "torch.nn.modules.activation.Tanh";
    private readonly float[] _weights, _bias;
    private readonly bool _tanh;

    private DenseLayer(float[] weights, float[] bias, int inputs, bool tanh, string id) => (_weights, _bias, Inputs, _tanh, Id) = (weights, bias, inputs, tanh, id);

    /// <summary>Numbers in.</summary>
    public int Inputs { get; }

    /// <summary>Numbers out.</summary>
    public int Outputs => _bias.Length;

    /// <summary>Name for the vector space: what the layer computes, by hash.</summary>
    public string Id { get; }

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
        WeightFile file = WeightFile.Open(weightsFile);
        WeightTensor weight = file.Require("linear.weight", -1, -1);
        float[] bias = file.Names.Contains("linear.bias") ? file.Require("linear.bias", weight.Shape[0]).Values : new float[weight.Shape[0]];
        string id = $"dense:{(activation == Tanh ? "tanh:" : "")}{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(weightsFile)))}";
        return new DenseLayer(weight.Values, bias, weight.Shape[1], activation == Tanh, id);
    }

    /// <summary>Applies the layer to one vector.</summary>
    public void Apply(ReadOnlySpan<float> input, Span<float> output)
    {
        for (int i = 0; i < output.Length; i++)
        {
            output[i] = TensorPrimitives.Dot(_weights.AsSpan(i * Inputs, Inputs), input) + _bias[i];
        }
        if (_tanh)
        {
            TensorPrimitives.Tanh(output, output);
        }
    }
}

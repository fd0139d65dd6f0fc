using System.Text;
using Google.Protobuf;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Attributes of a node, read and written. AttributeProto.type: 1 float, 2 int, 3 string, 4 tensor, 6 floats, 7 ints.</summary>
internal static class Attributes
{
    public static AttributeProto Of(string name, long value) => new() { Name = name, Type = 2, I = value };

    public static AttributeProto Of(string name, float value) => new() { Name = name, Type = 1, F = value };

    public static AttributeProto Of(string name, string value) => new() { Name = name, Type = 3, S = ByteString.CopyFromUtf8(value) };

    public static AttributeProto Of(string name, TensorProto value) => new() { Name = name, Type = 4, T = value };

    public static AttributeProto Of(string name, params long[] values)
    {
        AttributeProto attribute = new() { Name = name, Type = 7 };
        attribute.Ints.AddRange(values);
        return attribute;
    }

    public static AttributeProto? Attribute(this NodeProto node, string name) => node.Attribute.FirstOrDefault(a => a.Name == name);

    public static long Int(this NodeProto node, string name, long otherwise) => node.Attribute(name)?.I ?? otherwise;

    public static float? Float(this NodeProto node, string name) => node.Attribute(name) is { } a ? a.F : null;

    public static string? Text(this NodeProto node, string name) => node.Attribute(name) is { } a ? Encoding.UTF8.GetString(a.S.Span) : null;

    public static long[]? Ints(this NodeProto node, string name) => node.Attribute(name) is { } a ? [.. a.Ints] : null;

    /// <summary>Sets an attribute, replacing one of the same name.</summary>
    public static void Set(this NodeProto node, AttributeProto attribute)
    {
        if (node.Attribute(attribute.Name) is { } old)
        {
            node.Attribute.Remove(old);
        }
        node.Attribute.Add(attribute);
    }

    /// <summary>What a message calls a node: its name, or the tensor that it makes.</summary>
    public static string Label(this NodeProto node) => node.Name.Length > 0 ? node.Name : node.Output[0];

    /// <summary>Name with its domain, as in <c>com.microsoft.Attention</c>.</summary>
    public static string Operator(this NodeProto node) => node.Domain is "" or "ai.onnx" ? node.OpType : $"{node.Domain}.{node.OpType}";

    /// <summary>An input, or nothing when it is left out.</summary>
    public static string? In(this NodeProto node, int index) => index < node.Input.Count && node.Input[index].Length > 0 ? node.Input[index] : null;
}

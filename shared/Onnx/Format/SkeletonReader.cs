using Google.Protobuf;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// Reads a model file without its large weights: those stay in the file and are only remembered by place, so that a model of any size takes
/// a few MiB. The messages are walked field by field (protobuf's wire: tag, then varint, 4, 8 or length-prefixed bytes) down to the initialisers;
/// everything else goes through the generated parsers, which keep unknown fields.
/// </summary>
internal sealed class SkeletonReader
{
    /// <summary>Weights from this many bytes on stay in the file. Smaller ones are constants that the analysis reads.</summary>
    public const int Large = 1024;

    private const int Varint = 0, Fixed64 = 1, LengthPrefixed = 2, Fixed32 = 5;
    private const int ModelGraph = 7, GraphInitializer = 5, TensorFloats = 4, TensorRaw = 9, TensorDoubles = 10;
    private const int FloatType = 1, DoubleType = 11;

    private readonly FileStream _file;
    private readonly Dictionary<string, WeightSlice> _weights = new(StringComparer.Ordinal);

    private SkeletonReader(FileStream file) => _file = file;

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidProtocolBufferException">It is cut, or not protobuf.</exception>
    public static (ModelProto Model, Dictionary<string, WeightSlice> Weights) Read(FileStream file)
    {
        SkeletonReader reader = new(file);
        return (reader.Model(), reader._weights);
    }

    private ModelProto Model()
    {
        ModelProto model = new();
        for (Field field; (field = Next(_file.Length)).Number != 0;)
        {
            if (field is { Number: ModelGraph, Type: LengthPrefixed })
            {
                Graph(model.Graph ??= new GraphProto(), field.End);
            }
            else
            {
                model.MergeFrom(Bytes(field));
            }
        }
        return model;
    }

    private void Graph(GraphProto graph, long end)
    {
        for (Field field; (field = Next(end)).Number != 0;)
        {
            if (field is { Number: GraphInitializer, Type: LengthPrefixed })
            {
                graph.Initializer.Add(Tensor(field.End));
            }
            else
            {
                graph.MergeFrom(Bytes(field));
            }
        }
    }

    private TensorProto Tensor(long end)
    {
        TensorProto tensor = new();
        List<Field> large = [];
        for (Field field; (field = Next(end)).Number != 0;)
        {
            if (field is { Type: LengthPrefixed, Number: TensorRaw or TensorFloats or TensorDoubles } && field.Length >= Large)
            {
                large.Add(field);
                _file.Position = field.End;
            }
            else
            {
                tensor.MergeFrom(Bytes(field));
            }
        }
        // Packed floats and doubles are the very bytes that raw_data would hold.
        if (large is [var one] && (one.Number, tensor.DataType) is (TensorRaw, _) or (TensorFloats, FloatType) or (TensorDoubles, DoubleType)
            && tensor is { Name.Length: > 0, FloatData.Count: 0, DoubleData.Count: 0, HasRawData: false } && !_weights.ContainsKey(tensor.Name))
        {
            _weights.Add(tensor.Name, new WeightSlice(Path.GetFullPath(_file.Name), one.Start, one.Length));
            return tensor;
        }
        foreach (Field field in large)
        {
            _file.Position = field.Start;
            tensor.MergeFrom(Bytes(field));
        }
        _file.Position = end;
        return tensor;
    }

    /// <summary>The next field's head, with the file at its content; number 0 at the end.</summary>
    private Field Next(long end)
    {
        if (_file.Position == end)
        {
            return default;
        }
        long tagStart = _file.Position;
        ulong tag = ReadVarint();
        int number = checked((int)Math.Min(tag >> 3, int.MaxValue)), type = (int)(tag & 7);
        long length = type switch
        {
            Fixed64 => 8,
            Fixed32 => 4,
            LengthPrefixed => (long)Math.Min(ReadVarint(), long.MaxValue / 2),
            Varint => VarintLength(),
            _ => -1,
        };
        Field field = new(number, type, tagStart, _file.Position, length);
        return number > 0 && length >= 0 && field.End <= end ? field
            : throw new BrokenWireException(tagStart);
    }

    private long VarintLength()
    {
        long start = _file.Position;
        ReadVarint();
        long length = _file.Position - start;
        _file.Position = start;
        return length;
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            int next = _file.ReadByte();
            value |= (ulong)(next & 127) << shift;
            if (next is >= 0 and < 128)
            {
                return value;
            }
            if (next < 0)
            {
                break;
            }
        }
        throw new BrokenWireException(_file.Position);
    }

    /// <summary>A whole field, head and content; the file is behind it afterwards.</summary>
    private byte[] Bytes(Field field)
    {
        byte[] bytes = new byte[field.End - field.Head];
        _file.Position = field.Head;
        _file.ReadExactly(bytes);
        return bytes;
    }

    private readonly record struct Field(int Number, int Type, long Head, long Start, long Length)
    {
        public long End => Start + Length;
    }
}

using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// A copy of a model's graph that can be looked at by tensor name and edited. Edits may be made in any order; <see cref="ToModel"/> puts the nodes
/// into an order that the format allows and drops what no output needs. Names that a nested graph (If, Loop, Scan) takes from outside count as uses.
/// </summary>
internal sealed class Graph
{
    /// <summary>Nodes are told apart by identity; as messages they compare by content.</summary>
    public static readonly IEqualityComparer<NodeProto> ByReference = ReferenceEqualityComparer.Instance;

    // Inputs of the operators whose places the analysis looks at.
    private static readonly Dictionary<string, int> Fewest = ((string[])["Add", "Sub", "Mul", "Div", "Pow", "MatMul", "Gemm", "And", "Or", "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "Min", "Max", "Gather", "GatherND", "Expand", "Reshape", "LayerNormalization"])
        .Select(o => (o, 2)).Append(("Where", 3)).Concat(((string[])["Softmax", "Cast", "Identity", "Sqrt", "Transpose", "ReduceMean", "ReduceMax", "Shape", "Unsqueeze", "Reciprocal", "Tanh", "Erf", "Not", "IsNaN", "Concat", "Slice", "Squeeze", "Flatten", "SimplifiedLayerNormalization", "RMSNormalization"]).Select(o => (o, 1)))
        .ToDictionary(o => o.Item1, o => o.Item2, StringComparer.Ordinal);

    private readonly OnnxModel _source;
    private readonly ModelProto _proto;
    private readonly Dictionary<string, WeightSlice> _weights;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private Dictionary<string, (NodeProto Node, int Output)>? _producers;
    private Dictionary<string, List<Use>>? _consumers;
    private Dictionary<string, TensorProto>? _initializers;

    public Graph(OnnxModel model)
    {
        _source = model;
        _proto = model.Proto.Clone();
        _weights = new(model.Weights, StringComparer.Ordinal);
        foreach (NodeProto node in Nodes)
        {
            _names.UnionWith(node.Output);
            _names.UnionWith(GraphNames.Captured(node));
            _names.Add(node.Name);
        }
        _names.UnionWith(_proto.Graph.Initializer.Select(t => t.Name));
        _names.UnionWith(_proto.Graph.Input.Select(i => i.Name));
        RequireOrder();
    }

    /// <summary>What is asked of a graph rests on the order of its nodes, which the format prescribes: each behind what it takes.</summary>
    private void RequireOrder()
    {
        HashSet<string> known = [.. _proto.Graph.Input.Select(i => i.Name), .. Initializers.Keys];
        foreach (NodeProto node in Nodes)
        {
            if (GraphNames.Inputs(node).FirstOrDefault(i => !known.Contains(i)) is { } missing)
            {
                throw new OnnxFormatException(Path, $"has a node '{node.Label()}' ({node.Operator()}) that takes '{missing}', which nothing before it computes. Fetch or export it again.");
            }
            if (node.Output.Count == 0 || node.Input.Count < Fewest.GetValueOrDefault(node.Operator()))
            {
                throw new OnnxFormatException(Path, $"has a node '{node.Name}' ({node.Operator()}) of {node.Input.Count} inputs and {node.Output.Count} outputs, which is fewer than its operator has. Fetch or export it again.");
            }
            known.UnionWith(node.Output);
        }
        if (Outputs.FirstOrDefault(o => !known.Contains(o)) is { } output)
        {
            throw new OnnxFormatException(Path, $"has an output '{output}' that no node computes. Fetch or export it again.");
        }
    }

    public string Path => _source.Path;

    public ModelProto Proto => _proto;

    public IList<NodeProto> Nodes => _proto.Graph.Node;

    public IEnumerable<string> Outputs => _proto.Graph.Output.Select(o => o.Name);

    /// <summary>Inputs that have to be fed.</summary>
    public IEnumerable<ValueInfoProto> Inputs => _proto.Graph.Input.Where(i => !Initializers.ContainsKey(i.Name));

    public IReadOnlyDictionary<string, TensorProto> Initializers => _initializers ??= _proto.Graph.Initializer.GroupBy(t => t.Name).ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);

    public IReadOnlyDictionary<string, WeightSlice> Weights => _weights;

    public long Opset => _source.Opset("");

    /// <summary>The node that computes a tensor; null for inputs and initialisers.</summary>
    public NodeProto? Producer(string tensor) => Producers.TryGetValue(tensor, out (NodeProto Node, int) found) ? found.Node : null;

    /// <summary>Which output of its node a tensor is.</summary>
    public int OutputIndex(string tensor) => Producers.TryGetValue(tensor, out (NodeProto, int Output) found) ? found.Output : -1;

    public IReadOnlyList<Use> Uses(string tensor) => Consumers.TryGetValue(tensor, out List<Use>? uses) ? uses : [];

    public bool IsInput(string tensor) => Inputs.Any(i => i.Name == tensor);

    public bool IsOutput(string tensor) => Outputs.Contains(tensor);

    /// <summary>Bytes of an initialiser, read from its file when they are not here.</summary>
    public byte[]? Bytes(string initializer) => _weights.TryGetValue(initializer, out WeightSlice? slice) ? slice.Read()
        : Initializers.TryGetValue(initializer, out TensorProto? tensor) ? TensorData.Raw(tensor) : null;

    /// <summary>A name that is not taken.</summary>
    public string Fresh(string wish)
    {
        string name = wish;
        for (int i = 1; !_names.Add(name); i++)
        {
            name = $"{wish}_{i}";
        }
        return name;
    }

    /// <summary>Adds a node; returns its first output.</summary>
    public string Add(string op, IEnumerable<string> inputs, IEnumerable<AttributeProto>? attributes = null, string domain = "", string? wish = null, int outputs = 1)
    {
        NodeProto node = new() { OpType = op, Name = Fresh(wish ?? op) };
        if (domain.Length > 0)
        {
            node.Domain = domain;
            Import(domain, 1);
        }
        node.Input.AddRange(inputs);
        node.Output.AddRange(Enumerable.Range(0, outputs).Select(_ => Fresh(node.Name + "_out")));
        node.Attribute.AddRange(attributes ?? []);
        Nodes.Add(node);
        Changed();
        return node.Output[0];
    }

    public NodeProto Add(NodeProto node)
    {
        Nodes.Add(node);
        Changed();
        return node;
    }

    public string AddConstant<T>(string wish, int type, T[] values, params long[] dims) where T : struct
    {
        TensorProto tensor = TensorData.Create(Fresh(wish), type, values, dims);
        _proto.Graph.Initializer.Add(tensor);
        Changed();
        return tensor.Name;
    }

    public void AddInput(string name, int type, params string[] dims)
    {
        _proto.Graph.Input.Add(GraphNames.Value(name, type, dims));
        _names.Add(name);
        Changed();
    }

    public void RemoveInput(string name)
    {
        _proto.Graph.Input.Remove(_proto.Graph.Input.First(i => i.Name == name));
        Changed();
    }

    /// <summary>Outputs of the graph, replaced by these.</summary>
    public void SetOutputs(params IEnumerable<ValueInfoProto> outputs)
    {
        ValueInfoProto[] all = [.. outputs];
        _proto.Graph.Output.Clear();
        _proto.Graph.Output.AddRange(all);
        Changed();
    }

    /// <summary>Gives a tensor another name by a node that passes it on; the graph's outputs keep their names that way.</summary>
    public void Alias(string tensor, string name)
    {
        NodeProto node = new() { OpType = "Identity", Name = Fresh("Identity") };
        node.Input.Add(tensor);
        node.Output.Add(name);
        Add(node);
    }

    /// <summary>Frees the name of a tensor that a node computes: it is renamed everywhere. The new name, or null when nothing computes it.</summary>
    public string? Release(string tensor)
    {
        if (!Producers.TryGetValue(tensor, out (NodeProto Node, int Output) found))
        {
            return null;
        }
        string name = Fresh(tensor + "_inner");
        found.Node.Output[found.Output] = name;
        foreach (NodeProto node in Nodes)
        {
            GraphNames.Rename(node, tensor, name);
        }
        Changed();
        return name;
    }

    public void SetInput(NodeProto node, int index, string tensor)
    {
        while (node.Input.Count <= index)
        {
            node.Input.Add("");
        }
        node.Input[index] = tensor;
        Changed();
    }

    /// <summary>Lets every use of a tensor take another one instead, but for the uses by some nodes. A graph output of that name is computed by an Identity.</summary>
    public void ReplaceUses(string tensor, string by, params IEnumerable<NodeProto> except)
    {
        HashSet<NodeProto> kept = new(except, ByReference);
        foreach (Use use in Uses(tensor).Where(u => !kept.Contains(u.Node)).ToArray())
        {
            GraphNames.Rename(use.Node, tensor, by);
        }
        if (IsOutput(tensor))
        {
            Release(tensor);
            Alias(by, tensor);
        }
        Changed();
    }

    /// <summary>The version of an operator set that the model imports at least from now on.</summary>
    public void Import(string domain, long version)
    {
        OperatorSetIdProto? known = _proto.OpsetImport.FirstOrDefault(o => o.Domain == domain);
        if (known is null)
        {
            _proto.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = version });
        }
        else if (known.Version < version)
        {
            known.Version = version;
        }
    }

    /// <summary>The edited model: nodes in order, without what no output needs.</summary>
    /// <exception cref="InvalidOperationException">An edit made a cycle or left a tensor without a producer.</exception>
    public OnnxModel ToModel()
    {
        NodeProto[] order = GraphNames.Sorted(this);
        HashSet<string> used = [.. order.SelectMany(GraphNames.Inputs), .. Outputs];
        _proto.Graph.Node.Clear();
        _proto.Graph.Node.AddRange(order);
        Keep(_proto.Graph.Initializer, t => used.Contains(t.Name));
        // Encoders are fed by these names, needed or not; what else is not needed, such as a dropped layer's cache, goes.
        Keep(_proto.Graph.Input, i => used.Contains(i.Name) || i.Name is ModelInputs.Ids or ModelInputs.Mask or ModelInputs.Types);
        HashSet<string> computed = [.. order.SelectMany(n => n.Output)];
        Keep(_proto.Graph.ValueInfo, v => computed.Contains(v.Name));
        foreach (string name in _weights.Keys.Where(n => !used.Contains(n)).ToArray())
        {
            _weights.Remove(name);
        }
        Changed();
        return new OnnxModel(_source.Path, _proto, _weights);
    }

    /// <summary>To be called after an edit of a node in place.</summary>
    public void Changed()
    {
        _producers = null;
        _consumers = null;
        _initializers = null;
    }

    private Dictionary<string, (NodeProto Node, int Output)> Producers
    {
        get
        {
            if (_producers is null)
            {
                _producers = new(StringComparer.Ordinal);
                foreach (NodeProto node in Nodes)
                {
                    for (int i = 0; i < node.Output.Count; i++)
                    {
                        if (node.Output[i].Length > 0)
                        {
                            _producers[node.Output[i]] = (node, i);
                        }
                    }
                }
            }
            return _producers;
        }
    }

    private Dictionary<string, List<Use>> Consumers
    {
        get
        {
            if (_consumers is null)
            {
                _consumers = new(StringComparer.Ordinal);
                foreach (NodeProto node in Nodes)
                {
                    foreach ((string tensor, int index) in node.Input.Select((t, i) => (t, i)).Concat(GraphNames.Captured(node).Select(t => (t, -1))).Where(p => p.Item1.Length > 0))
                    {
                        (_consumers.TryGetValue(tensor, out List<Use>? uses) ? uses : _consumers[tensor] = []).Add(new Use(node, index));
                    }
                }
            }
            return _consumers;
        }
    }

    private static void Keep<T>(IList<T> list, Func<T, bool> keep)
    {
        T[] kept = [.. list.Where(keep)];
        list.Clear();
        foreach (T item in kept)
        {
            list.Add(item);
        }
    }
}

/// <summary>An input of a node.</summary>
/// <param name="Node">The node.</param>
/// <param name="Index">Which input; -1 when a nested graph takes it.</param>
internal readonly record struct Use(NodeProto Node, int Index);

using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// What operators do to shapes and to the small numbers that masks, positions, shapes and scales are made of. An operator that is not here gives
/// an unknown value: then nothing is concluded from it. Long because it is a table of operators.
/// </summary>
internal static class ProbeOperators
{
    private const int MostNumbers = 4_000_000;

    public static ProbeValue[] Apply(NodeProto node, ProbeValue[] inputs)
    {
        ProbeValue x = At(inputs, 0);
        return node.Operator() switch
        {
            "Constant" => [Constant(node)],
            "Identity" or "Dropout" => [x],
            "Cast" => [Cast(x, (int)node.Int("to", 1))],
            "Shape" => [ShapeOf(node, x)],
            "Size" => [x.Dims is null ? ProbeValue.Unknown : new(DataType.Int64, [], [ProbeValue.Count(x.Dims)])],
            "Add" => [Binary(inputs, (a, b) => a + b)],
            "Sub" => [Binary(inputs, (a, b) => a - b)],
            "Mul" => [Binary(inputs, (a, b) => a * b)],
            "Div" => [Binary(inputs, x.IsInteger ? (a, b) => b == 0 ? 0 : Math.Truncate(a / b) : (a, b) => a / b)],
            "Mod" => [Binary(inputs, (a, b) => b == 0 ? 0 : a - (b * Math.Floor(a / b)))],
            "Pow" => [Binary(inputs, Math.Pow)],
            "Max" => [inputs.Aggregate((a, b) => Binary([a, b], Math.Max))],
            "Min" => [inputs.Aggregate((a, b) => Binary([a, b], Math.Min))],
            "Equal" => [Logic(inputs, (a, b) => a == b)],
            "Greater" => [Logic(inputs, (a, b) => a > b)],
            "GreaterOrEqual" => [Logic(inputs, (a, b) => a >= b)],
            "Less" => [Logic(inputs, (a, b) => a < b)],
            "LessOrEqual" => [Logic(inputs, (a, b) => a <= b)],
            "And" => [Logic(inputs, (a, b) => a != 0 && b != 0)],
            "Or" => [Logic(inputs, (a, b) => a != 0 || b != 0)],
            "Xor" => [Logic(inputs, (a, b) => a != 0 != (b != 0))],
            "Not" => [Unary(x, a => a == 0 ? 1 : 0)],
            "IsNaN" => [Unary(x, a => double.IsNaN(a) ? 1 : 0) with { Type = DataType.Bool }],
            "Sqrt" => [Unary(x, Math.Sqrt)],
            "Neg" => [Unary(x, a => -a)],
            "Abs" => [Unary(x, Math.Abs)],
            "Reciprocal" => [Unary(x, a => 1 / a)],
            "Cos" => [Unary(x, Math.Cos)],
            "Sin" => [Unary(x, Math.Sin)],
            "Log" => [Unary(x, Math.Log)],
            "Exp" => [Unary(x, Math.Exp)],
            "Floor" => [Unary(x, Math.Floor)],
            "Ceil" => [Unary(x, Math.Ceiling)],
            "Where" => [Where(inputs)],
            "ConstantOfShape" => [ConstantOfShape(node, x)],
            "Range" => [Range(inputs)],
            "Gather" => [Gather(x, At(inputs, 1), node.Int("axis", 0))],
            "GatherND" => [GatherNd(x, At(inputs, 1), (int)node.Int("batch_dims", 0))],
            "ScatterND" => [node.Attribute("reduction") is null || node.Text("reduction") == "none" ? ScatterNd(inputs) : ProbeValue.Unknown],
            "Unsqueeze" => [Unsqueeze(x, Axes(node, At(inputs, 1)))],
            "Squeeze" => [Squeeze(x, inputs.Length > 1 || node.Attribute("axes") is not null ? Axes(node, At(inputs, 1)) : null, inputs.Length > 1 || node.Attribute("axes") is not null)],
            "Concat" => [Concat(inputs, node.Int("axis", 0))],
            "Reshape" => [Reshape(x, At(inputs, 1), node.Int("allowzero", 0) != 0)],
            "Flatten" => [Flatten(x, node.Int("axis", 1))],
            "Transpose" => [Transpose(x, node.Ints("perm"))],
            "Slice" => [Slice(node, inputs)],
            "Expand" => [Expand(x, At(inputs, 1))],
            "Split" => Split(node, inputs),
            "CumSum" => [CumSum(x, At(inputs, 1))],
            "Trilu" => [Trilu(node, inputs)],
            "ReduceSum" => [Reduce(node, inputs, (a, b) => a + b)],
            "ReduceMax" => [Reduce(node, inputs, Math.Max)],
            "ReduceMin" => [Reduce(node, inputs, Math.Min)],
            "ReduceMean" => [Reduce(node, inputs, (a, b) => a + b) is { Dims: { } dims } sum ? new(x.Type, dims, null) : ProbeValue.Unknown],
            _ => ProbeShapes.Apply(node, inputs),
        };
    }

    private static ProbeValue At(ProbeValue[] inputs, int index) => index < inputs.Length ? inputs[index] : ProbeValue.Unknown;

    public static ProbeValue Of(TensorProto tensor, byte[]? raw)
    {
        int[] dims = [.. tensor.Dims.Select(d => (int)Math.Min(d, int.MaxValue))];
        double[]? data = raw is null ? null : tensor.DataType switch
        {
            DataType.Float => Numbers<float>(raw, v => v),
            DataType.Double => Numbers<double>(raw, v => v),
            DataType.Float16 => Numbers<Half>(raw, v => (double)v),
            DataType.Int64 => Numbers<long>(raw, v => v),
            DataType.Int32 => Numbers<int>(raw, v => v),
            DataType.Int8 => Numbers<sbyte>(raw, v => v),
            DataType.UInt8 or DataType.Bool => Numbers<byte>(raw, v => v),
            _ => null,
        };
        return new ProbeValue(tensor.DataType, dims, data?.Length == dims.Aggregate(1L, (a, b) => a * b) ? data : null);
    }

    private static double[] Numbers<T>(byte[] raw, Func<T, double> read) where T : struct => [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, T>(raw).ToArray().Select(read)];

    private static ProbeValue Constant(NodeProto node) => node.Attribute.FirstOrDefault() switch
    {
        { Name: "value", T: { } tensor } => Of(tensor, TensorData.Raw(tensor)),
        { Name: "value_int" } a => new(DataType.Int64, [], [a.I]),
        { Name: "value_float" } a => new(DataType.Float, [], [a.F]),
        { Name: "value_ints" } a => new(DataType.Int64, [a.Ints.Count], [.. a.Ints.Select(i => (double)i)]),
        { Name: "value_floats" } a => new(DataType.Float, [a.Floats.Count], [.. a.Floats.Select(f => (double)f)]),
        _ => ProbeValue.Unknown,
    };

    private static ProbeValue Cast(ProbeValue x, int type) => new(type, x.Dims, x.Data is null ? null
        : type == DataType.Bool ? [.. x.Data.Select(a => a != 0 ? 1.0 : 0)] : DataType.IsFloating(type) ? x.Data : [.. x.Data.Select(Math.Truncate)]);

    private static ProbeValue ShapeOf(NodeProto node, ProbeValue x)
    {
        if (x.Dims is null)
        {
            return new(DataType.Int64, null, null);
        }
        int start = Index(node.Int("start", 0), x.Rank), end = Index(node.Int("end", x.Rank), x.Rank);
        double[] dims = [.. x.Dims.Take(end).Skip(start).Select(d => (double)d)];
        return new(DataType.Int64, [dims.Length], dims);
    }

    private static int Index(double index, int size) => (int)Math.Clamp(index < 0 ? index + size : index, 0, size);

    private static ProbeValue Unary(ProbeValue x, Func<double, double> f) => x with { Data = x.Data is null ? null : [.. x.Data.Select(f)] };

    private static ProbeValue Logic(ProbeValue[] inputs, Func<double, double, bool> f) => Binary(inputs, (a, b) => f(a, b) ? 1 : 0) with { Type = DataType.Bool };

    private static ProbeValue Binary(ProbeValue[] inputs, Func<double, double, double> f)
    {
        if (inputs is not [var a, var b])
        {
            return ProbeValue.Unknown;
        }
        int type = a.Type != 0 ? a.Type : b.Type;
        if (ProbeValue.Broadcast(a.Dims, b.Dims) is not { } dims)
        {
            return new(type, null, null);
        }
        if (a.Data is null || b.Data is null || ProbeValue.Count(dims) > MostNumbers)
        {
            return new(type, dims, null);
        }
        int[] left = ProbeValue.Places(a.Dims!, dims), right = ProbeValue.Places(b.Dims!, dims);
        double[] data = new double[left.Length];
        for (int i = 0; i < data.Length; i++)
        {
            data[i] = f(a.Data[left[i]], b.Data[right[i]]);
        }
        return new(type, dims, data);
    }

    private static ProbeValue Where(ProbeValue[] inputs)
    {
        if (inputs is not [var c, var a, var b] || ProbeValue.Broadcast(ProbeValue.Broadcast(c.Dims, a.Dims), b.Dims) is not { } dims)
        {
            return new(At(inputs, 1).Type, null, null);
        }
        if (c.Data is null || a.Data is null || b.Data is null || ProbeValue.Count(dims) > MostNumbers)
        {
            return new(a.Type, dims, null);
        }
        int[] when = ProbeValue.Places(c.Dims!, dims), left = ProbeValue.Places(a.Dims!, dims), right = ProbeValue.Places(b.Dims!, dims);
        return new(a.Type, dims, [.. when.Select((w, i) => c.Data[w] != 0 ? a.Data[left[i]] : b.Data[right[i]])]);
    }

    private static ProbeValue ConstantOfShape(NodeProto node, ProbeValue shape)
    {
        ProbeValue fill = node.Attribute("value")?.T is { } tensor ? Of(tensor, TensorData.Raw(tensor)) : new(DataType.Float, [1], [0]);
        if (shape.Data is null)
        {
            return new(fill.Type, null, null);
        }
        int[] dims = [.. shape.Data.Select(d => (int)d)];
        return new(fill.Type, dims, fill.Scalar is { } value && ProbeValue.Count(dims) <= MostNumbers ? [.. Enumerable.Repeat(value, ProbeValue.Count(dims))] : null);
    }

    private static ProbeValue Range(ProbeValue[] inputs)
    {
        if (inputs is not [{ Scalar: { } start }, { Scalar: { } limit }, { Scalar: { } step }] || step == 0)
        {
            return new(At(inputs, 0).Type, null, null);
        }
        int count = (int)Math.Clamp(Math.Ceiling((limit - start) / step), 0, MostNumbers);
        return new(inputs[0].Type, [count], [.. Enumerable.Range(0, count).Select(i => start + (i * step))]);
    }

    private static ProbeValue Gather(ProbeValue x, ProbeValue indices, long onAxis)
    {
        if (x.Dims is null || indices.Dims is null || x.Rank == 0)
        {
            return new(x.Type, null, null);
        }
        int axis = (int)(onAxis < 0 ? onAxis + x.Rank : onAxis);
        int[] dims = [.. x.Dims[..axis], .. indices.Dims, .. x.Dims[(axis + 1)..]];
        if (x.Data is null || indices.Data is null || ProbeValue.Count(dims) > MostNumbers)
        {
            return new(x.Type, dims, null);
        }
        int outer = ProbeValue.Count(x.Dims[..axis]), size = x.Dims[axis], inner = ProbeValue.Count(x.Dims[(axis + 1)..]);
        double[] data = new double[ProbeValue.Count(dims)];
        for (int o = 0, place = 0; o < outer; o++)
        {
            foreach (double wanted in indices.Data)
            {
                int index = (int)(wanted < 0 ? wanted + size : wanted);
                if (index < 0 || index >= size)
                {
                    return new(x.Type, dims, null);
                }
                Array.Copy(x.Data, ((o * size) + index) * inner, data, place, inner);
                place += inner;
            }
        }
        return new(x.Type, dims, data);
    }

    private static ProbeValue GatherNd(ProbeValue x, ProbeValue indices, int batchDims)
    {
        if (x.Dims is null || indices.Dims is not { Length: > 0 } at || batchDims + at[^1] > x.Rank)
        {
            return new(x.Type, null, null);
        }
        int depth = at[^1];
        int[] dims = [.. at[..^1], .. x.Dims[(batchDims + depth)..]];
        if (batchDims > 0 || x.Data is null || indices.Data is null || ProbeValue.Count(dims) > MostNumbers)
        {
            return new(x.Type, dims, null);
        }
        int inner = ProbeValue.Count(x.Dims[depth..]);
        double[] data = new double[ProbeValue.Count(dims)];
        for (int n = 0; n < indices.Data.Length / Math.Max(depth, 1); n++)
        {
            int? start = Start(x.Dims, indices.Data.AsSpan(n * depth, depth), inner);
            if (start is null)
            {
                return new(x.Type, dims, null);
            }
            Array.Copy(x.Data, start.Value, data, n * inner, inner);
        }
        return new(x.Type, dims, data);
    }

    private static ProbeValue ScatterNd(ProbeValue[] inputs)
    {
        if (inputs is not [{ Dims: not null } x, { Dims: { Length: > 0 } at } indices, var updates])
        {
            return At(inputs, 0) with { Data = null };
        }
        if (x.Data is null || indices.Data is null || updates.Data is null || at[^1] > x.Rank)
        {
            return x with { Data = null };
        }
        int depth = at[^1], inner = ProbeValue.Count(x.Dims[depth..]);
        double[] data = [.. x.Data];
        for (int n = 0; n < indices.Data.Length / Math.Max(depth, 1); n++)
        {
            int? start = Start(x.Dims, indices.Data.AsSpan(n * depth, depth), inner);
            if (start is null || (n + 1) * inner > updates.Data.Length)
            {
                return x with { Data = null };
            }
            Array.Copy(updates.Data, n * inner, data, start.Value, inner);
        }
        return x with { Data = data };
    }

    private static int? Start(int[] dims, ReadOnlySpan<double> index, int inner)
    {
        int place = 0;
        for (int i = 0; i < index.Length; i++)
        {
            int at = (int)(index[i] < 0 ? index[i] + dims[i] : index[i]);
            if (at < 0 || at >= dims[i])
            {
                return null;
            }
            place = (place * dims[i]) + at;
        }
        return place * inner;
    }

    private static long[]? Axes(NodeProto node, ProbeValue input) => node.Ints("axes") ?? (input.Data is null ? null : [.. input.Data.Select(d => (long)d)]);

    private static ProbeValue Unsqueeze(ProbeValue x, long[]? axes)
    {
        if (x.Dims is null || axes is null)
        {
            return new(x.Type, null, null);
        }
        int rank = x.Rank + axes.Length;
        HashSet<long> ones = [.. axes.Select(a => a < 0 ? a + rank : a)];
        int next = 0;
        return x with { Dims = [.. Enumerable.Range(0, rank).Select(i => ones.Contains(i) ? 1 : x.Dims[next++])] };
    }

    private static ProbeValue Squeeze(ProbeValue x, long[]? axes, bool named)
    {
        if (x.Dims is null || (named && axes is null))
        {
            return new(x.Type, null, null);
        }
        HashSet<long>? ones = axes?.Select(a => a < 0 ? a + x.Rank : a).ToHashSet();
        return x with { Dims = [.. x.Dims.Where((d, i) => ones is null ? d != 1 : !ones.Contains(i))] };
    }

    private static ProbeValue Concat(ProbeValue[] inputs, long onAxis)
    {
        if (inputs.Length == 0 || inputs.Any(i => i.Dims is null || i.Rank != inputs[0].Rank || i.Rank == 0))
        {
            return new(At(inputs, 0).Type, null, null);
        }
        int axis = (int)(onAxis < 0 ? onAxis + inputs[0].Rank : onAxis);
        int[] dims = [.. inputs[0].Dims!];
        dims[axis] = inputs.Sum(i => i.Dims![axis]);
        if (inputs.Any(i => i.Data is null))
        {
            return new(inputs[0].Type, dims, null);
        }
        List<double> data = [];
        for (int o = 0; o < ProbeValue.Count(dims[..axis]); o++)
        {
            foreach (ProbeValue input in inputs)
            {
                int inner = ProbeValue.Count(input.Dims![axis..]);
                data.AddRange(input.Data!.Skip(o * inner).Take(inner));
            }
        }
        return new(inputs[0].Type, dims, [.. data]);
    }

    private static ProbeValue Reshape(ProbeValue x, ProbeValue shape, bool allowZero)
    {
        if (x.Dims is null || shape.Data is null)
        {
            return new(x.Type, null, null);
        }
        int[] dims = [.. shape.Data.Select((d, i) => d == 0 && !allowZero && i < x.Rank ? x.Dims[i] : (int)d)];
        int rest = dims.Where(d => d >= 0).Aggregate(1, (a, b) => a * b), count = ProbeValue.Count(x.Dims);
        dims = [.. dims.Select(d => d < 0 ? rest == 0 ? 0 : count / rest : d)];
        return ProbeValue.Count(dims) == count ? x with { Dims = dims } : new(x.Type, null, null);
    }

    private static ProbeValue Flatten(ProbeValue x, long onAxis)
    {
        if (x.Dims is null)
        {
            return x;
        }
        int axis = Index(onAxis, x.Rank);
        return x with { Dims = [ProbeValue.Count(x.Dims[..axis]), ProbeValue.Count(x.Dims[axis..])] };
    }

    private static ProbeValue Transpose(ProbeValue x, long[]? order)
    {
        if (x.Dims is null)
        {
            return x;
        }
        int[] perm = order is null ? [.. Enumerable.Range(0, x.Rank).Reverse()] : [.. order.Select(p => (int)p)];
        if (perm.Length != x.Rank)
        {
            return new(x.Type, null, null);
        }
        int[] dims = [.. perm.Select(p => x.Dims[p])];
        if (x.Data is null)
        {
            return x with { Dims = dims };
        }
        int[] steps = new int[x.Rank];
        for (int i = x.Rank - 1, step = 1; i >= 0; step *= x.Dims[i], i--)
        {
            steps[i] = step;
        }
        return new(x.Type, dims, [.. Enumerable.Range(0, x.Data.Length).Select(n =>
        {
            int place = 0;
            for (int i = perm.Length - 1; i >= 0; n /= dims[i], i--)
            {
                place += n % dims[i] * steps[perm[i]];
            }
            return x.Data[place];
        })]);
    }

    private static ProbeValue Slice(NodeProto node, ProbeValue[] inputs)
    {
        ProbeValue x = At(inputs, 0);
        double[]? starts = node.Ints("starts")?.Select(i => (double)i).ToArray() ?? At(inputs, 1).Data, ends = node.Ints("ends")?.Select(i => (double)i).ToArray() ?? At(inputs, 2).Data;
        if (x.Dims is null || starts is null || ends is null || starts.Length != ends.Length)
        {
            return new(x.Type, null, null);
        }
        double[] axes = node.Ints("axes")?.Select(i => (double)i).ToArray() ?? At(inputs, 3).Data ?? [.. Enumerable.Range(0, starts.Length).Select(i => (double)i)];
        double[] steps = At(inputs, 4).Data ?? [.. starts.Select(_ => 1.0)];
        ProbeValue result = x;
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = (int)(axes[i] < 0 ? axes[i] + x.Rank : axes[i]), size = x.Dims[axis];
            if (steps[i] != 1)
            {
                return new(x.Type, null, null);
            }
            int from = Index(starts[i], size), to = Math.Max(from, Index(ends[i], size));
            result = Take(result, axis, from, to - from);
        }
        return result;
    }

    private static ProbeValue Take(ProbeValue x, int axis, int from, int count)
    {
        int[] dims = [.. x.Dims!];
        dims[axis] = count;
        if (x.Data is null)
        {
            return x with { Dims = dims };
        }
        int inner = ProbeValue.Count(x.Dims![(axis + 1)..]), outer = ProbeValue.Count(x.Dims[..axis]), size = x.Dims[axis];
        double[] data = new double[ProbeValue.Count(dims)];
        for (int o = 0; o < outer; o++)
        {
            Array.Copy(x.Data, ((o * size) + from) * inner, data, o * count * inner, count * inner);
        }
        return new(x.Type, dims, data);
    }

    private static ProbeValue[] Split(NodeProto node, ProbeValue[] inputs)
    {
        ProbeValue x = At(inputs, 0);
        int parts = node.Output.Count;
        if (x.Dims is null)
        {
            return [.. Enumerable.Repeat(new ProbeValue(x.Type, null, null), parts)];
        }
        int axis = (int)(node.Int("axis", 0) is var a && a < 0 ? a + x.Rank : a);
        int[] sizes = node.Ints("split")?.Select(i => (int)i).ToArray() ?? At(inputs, 1).Data?.Select(d => (int)d).ToArray() ?? [.. Enumerable.Repeat(x.Dims[axis] / parts, parts)];
        int from = 0;
        return [.. sizes.Select(size => Take(x, axis, (from += size) - size, size))];
    }

    private static ProbeValue Expand(ProbeValue x, ProbeValue shape)
    {
        if (x.Dims is null || shape.Data is null || ProbeValue.Broadcast(x.Dims, [.. shape.Data.Select(d => (int)d)]) is not { } dims)
        {
            return new(x.Type, null, null);
        }
        return new(x.Type, dims, x.Data is null || ProbeValue.Count(dims) > MostNumbers ? null : [.. ProbeValue.Places(x.Dims, dims).Select(p => x.Data[p])]);
    }

    private static ProbeValue CumSum(ProbeValue x, ProbeValue onAxis)
    {
        if (x.Data is null || x.Dims is null || onAxis.Scalar is not { } number)
        {
            return x with { Data = null };
        }
        int axis = (int)(number < 0 ? number + x.Rank : number), inner = ProbeValue.Count(x.Dims[(axis + 1)..]), size = x.Dims[axis];
        double[] data = [.. x.Data];
        for (int i = 0; i < data.Length; i++)
        {
            data[i] += i / inner % size > 0 ? data[i - inner] : 0;
        }
        return x with { Data = data };
    }

    private static ProbeValue Trilu(NodeProto node, ProbeValue[] inputs)
    {
        ProbeValue x = At(inputs, 0);
        double? k = inputs.Length > 1 ? inputs[1].Scalar : 0;
        if (x.Data is null || x.Dims is null || k is null)
        {
            return x with { Data = null };
        }
        int columns = x.Dims[^1], rows = x.Dims[^2];
        bool upper = node.Int("upper", 1) != 0;
        return x with { Data = [.. x.Data.Select((v, n) => (upper ? (n % columns) - (n / columns % rows) >= k : (n % columns) - (n / columns % rows) <= k) ? v : 0)] };
    }

    private static ProbeValue Reduce(NodeProto node, ProbeValue[] inputs, Func<double, double, double> f)
    {
        ProbeValue x = At(inputs, 0);
        if (x.Dims is null || (inputs.Length > 1 && At(inputs, 1).Data is null && node.Ints("axes") is null))
        {
            return new(x.Type, null, null);
        }
        HashSet<long> axes = [.. (Axes(node, At(inputs, 1)) ?? [.. Enumerable.Range(0, x.Rank).Select(i => (long)i)]).Select(a => a < 0 ? a + x.Rank : a)];
        int[] kept = [.. x.Dims.Select((d, i) => axes.Contains(i) ? 1 : d)];
        int[] dims = node.Int("keepdims", 1) != 0 ? kept : [.. x.Dims.Where((_, i) => !axes.Contains(i))];
        if (x.Data is null || x.Data.Length == 0)
        {
            return new(x.Type, dims, null);
        }
        double?[] data = new double?[ProbeValue.Count(kept)];
        foreach ((int place, double value) in ProbeValue.Places(kept, x.Dims).Zip(x.Data))
        {
            data[place] = data[place] is { } sofar ? f(sofar, value) : value;
        }
        return new(x.Type, dims, [.. data.Select(d => d ?? 0)]);
    }
}

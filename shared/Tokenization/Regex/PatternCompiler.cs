namespace Retrieval.Tokenization;

/// <summary>Turns a tree into operations.</summary>
internal sealed class PatternCompiler
{
    // A counted repetition of more than a set is spelled out.
    private const int MostOperations = 200_000;

    private readonly List<int> _code = [];
    private readonly List<CodePointSet> _sets = [];
    private readonly Dictionary<string, int> _known = [];
    private readonly string _pattern;
    private int _registers;

    private PatternCompiler(string pattern, int groups)
    {
        _pattern = pattern;
        _registers = 2 * (groups + 1);
    }

    /// <exception cref="PatternFormatException">The pattern is wrong, not supported, or spelled out too long.</exception>
    public static Program Compile(string pattern)
    {
        Node node = PatternParser.Parse(pattern, out int groups);
        PatternCompiler compiler = new(pattern, groups);
        compiler.Emit(node, null);
        compiler.Put(Op.Done);
        (CodePointRanges first, bool mayBeEmpty) = NodeFacts.First(node);
        return new Program(pattern, [.. compiler._code], [.. compiler._sets], compiler._registers, mayBeEmpty ? null : new CodePointSet(first));
    }

    /// <param name="node">What to compile.</param>
    /// <param name="follow">What the code point after it must be in; null when it is not known, or there need not be one.</param>
    private void Emit(Node node, CodePointRanges? follow)
    {
        switch (node)
        {
            case OneOf one: EmitOne(one.Set); break;
            case Sequence sequence: EmitSequence(sequence.Parts, follow); break;
            case Alternation alternation: EmitAlternation(alternation.Branches, follow); break;
            case Repeat repeat: EmitRepeat(repeat, follow); break;
            case Anchor anchor: Put(Op.Assert, (int)anchor.Kind); break;
            case Atomic atomic: EmitGroup(Op.Atomic, [], atomic.Body, Op.Done); break;
            case Look { Behind: false } look: EmitGroup(Op.Ahead, [look.Negative ? 1 : 0], look.Body, Op.Done); break;
            case Look look:
                (int least, int most) = NodeFacts.Width(look.Body);
                EmitGroup(Op.Behind, [look.Negative ? 1 : 0, least, most], look.Body, Op.DoneBehind);
                break;
            case Capture capture:
                Put(Op.Mark, 2 * capture.Group);
                Emit(capture.Body, follow);
                Put(Op.Mark, 2 * capture.Group + 1);
                break;
            case Backreference again:
                Put(Op.Again, [again.Groups.Count, .. again.Groups.Reverse()]);
                break;
        }
    }

    private void EmitOne(CodePointRanges set)
    {
        if (set.Turns is [int only, int next] && next == only + 1 && only is < 0xD800 or (> 0xDFFF and < 0x10000))
        {
            Put(Op.Unit, only);
        }
        else
        {
            Put(Op.OneOf, Index(set));
        }
    }

    private void EmitSequence(IReadOnlyList<Node> parts, CodePointRanges? follow)
    {
        CodePointRanges?[] follows = new CodePointRanges?[parts.Count];
        for (int i = parts.Count - 1; i >= 0; i--)
        {
            follows[i] = follow;
            follow = Before(parts[i], follow);
        }
        for (int i = 0; i < parts.Count; i++)
        {
            Emit(parts[i], follows[i]);
        }
    }

    // What the code point must be in at which a node, and then what follows, begins.
    private static CodePointRanges? Before(Node node, CodePointRanges? follow)
    {
        (CodePointRanges set, bool mayBeEmpty) = NodeFacts.First(node);
        return !mayBeEmpty ? set : follow is null ? null : set | follow;
    }

    private void EmitAlternation(IReadOnlyList<Node> branches, CodePointRanges? follow)
    {
        List<int> ends = [];
        for (int i = 0; i < branches.Count - 1; i++)
        {
            int other = Try(branches[i]);
            Emit(branches[i], follow);
            ends.Add(Put(Op.Jump, 0));
            _code[other] = _code.Count;
        }
        Emit(branches[^1], follow);
        ends.ForEach(end => _code[end] = _code.Count);
    }

    private void EmitRepeat(Repeat repeat, CodePointRanges? follow)
    {
        if (repeat.Mode == RepeatMode.Possessive && Single(repeat.Body) is null)
        {
            EmitGroup(Op.Atomic, [], repeat with { Mode = RepeatMode.Greedy }, Op.Done);
        }
        else if (repeat.Mode != RepeatMode.Lazy && Single(repeat.Body) is { } set)
        {
            // Giving back is vain when what must follow is never in the set.
            bool keep = repeat.Mode == RepeatMode.Possessive || follow is not null && (follow & set).IsEmpty;
            Put(keep ? Op.Possessive : Op.Greedy, Index(set), repeat.Min, repeat.Max);
        }
        else
        {
            EmitLoop(repeat, follow);
        }
    }

    private static CodePointRanges? Single(Node node) => node switch
    {
        OneOf one => one.Set,
        Sequence { Parts: [var only] } => Single(only),
        _ => null,
    };

    private void EmitLoop(Repeat repeat, CodePointRanges? follow)
    {
        (CodePointRanges first, bool mayBeEmpty) = NodeFacts.First(repeat.Body);
        CodePointRanges? inside = mayBeEmpty || follow is null ? null : first | follow;
        int copies = repeat.Max == int.MaxValue ? Math.Max(repeat.Min - 1, 0) : repeat.Min;
        for (int i = 0; i < copies; i++)
        {
            Emit(repeat.Body, inside);
        }
        List<int> ends = [];
        if (repeat.Max == int.MaxValue)
        {
            EmitEndless(repeat, inside, mayBeEmpty ? _registers++ : -1, ends);
        }
        else
        {
            for (int i = repeat.Min; i < repeat.Max; i++)
            {
                Choose(repeat, ends);
                Emit(repeat.Body, inside);
            }
        }
        ends.ForEach(end => _code[end] = _code.Count);
    }

    // The choice stands before the body, or after it where one time is a must: so the body is compiled once.
    private void EmitEndless(Repeat repeat, CodePointRanges? inside, int register, List<int> ends)
    {
        int start = _code.Count;
        if (repeat.Min == 0)
        {
            Choose(repeat, ends);
        }
        if (register >= 0)
        {
            Put(Op.Mark, register);
        }
        Emit(repeat.Body, inside);
        if (register >= 0)
        {
            ends.Add(Put(Op.LeaveIfEmpty, register, 0));
        }
        if (repeat.Min > 0 && repeat.Mode == RepeatMode.Lazy)
        {
            Put(Op.Try, start);
            return;
        }
        if (repeat.Min > 0)
        {
            ends.Add(Put(Op.Try, 0));
        }
        Put(Op.Jump, start);
    }

    // Once more, or on: which first. Leaves the place of the end to be filled in.
    private void Choose(Repeat repeat, List<int> ends)
    {
        if (repeat.Mode == RepeatMode.Greedy)
        {
            ends.Add(Try(repeat.Body));
            return;
        }
        int body = Put(Op.Try, 0);
        ends.Add(Put(Op.Jump, 0));
        _code[body] = _code.Count;
    }

    // Tries what follows, if the next code point lets it begin. Returns the place of where to go otherwise.
    private int Try(Node next)
    {
        (CodePointRanges first, bool mayBeEmpty) = NodeFacts.First(next);
        return mayBeEmpty ? Put(Op.Try, 0) : Put(Op.TryIf, Index(first), 0);
    }

    private void EmitGroup(Op op, int[] operands, Node body, Op done)
    {
        int start = _code.Count;
        Put(op, [0, .. operands]);
        Emit(body, null);
        Put(done);
        _code[start + 1] = _code.Count;
    }

    private int Index(CodePointRanges set)
    {
        string key = string.Join(',', set.Turns.ToArray());
        if (!_known.TryGetValue(key, out int index))
        {
            _known[key] = index = _sets.Count;
            _sets.Add(new CodePointSet(set));
        }
        return index;
    }

    // Returns the place of the last operand.
    private int Put(Op op, params ReadOnlySpan<int> operands)
    {
        if (_code.Count > MostOperations)
        {
            throw new PatternFormatException(_pattern, _pattern.Length, $"its repetitions spelled out are more than {MostOperations} operations: repeat less, or a single character class");
        }
        _code.Add((int)op);
        _code.AddRange(operands);
        return _code.Count - 1;
    }
}

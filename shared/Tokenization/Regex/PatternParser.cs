namespace Retrieval.Tokenization;

/// <summary>
/// Reads Oniguruma's own syntax (its doc/RE, version 6.9), which is what the reference library compiles patterns with. Not supported, and refused by name:
/// subexpression calls, conditions, absent operators, callouts, backreferences with a level, backreferences in any case,
/// ASCII-only options, bytes of UTF-8 as \xHH.
/// </summary>
internal sealed class PatternParser
{
    private const int MostNested = 200;

    private readonly PatternReader _reader;
    private readonly GroupNumbers _groups;
    private int _depth;

    private PatternParser(string pattern)
    {
        _reader = new PatternReader(pattern);
        _groups = new GroupNumbers(pattern, _reader);
    }

    /// <summary>The tree of a pattern, and how many groups it has.</summary>
    /// <exception cref="PatternFormatException">It is wrong, or not supported.</exception>
    public static Node Parse(string pattern, out int groups)
    {
        PatternParser parser = new(pattern);
        Node node = parser.Branches(default);
        if (!parser._reader.AtEnd)
        {
            throw parser._reader.Wrong("a closing parenthesis without an opening one");
        }
        groups = parser._groups.Count;
        if (parser._groups.Highest > groups)
        {
            throw parser._reader.Wrong($"no group {parser._groups.Highest}: there are {groups}");
        }
        return node;
    }

    private Node Branches(Options options)
    {
        if (++_depth > MostNested)
        {
            throw _reader.Wrong($"groups are nested more than {MostNested} deep");
        }
        List<Node> branches = [Branch(options)];
        while (_reader.Take("|"))
        {
            branches.Add(Branch(options));
        }
        _depth--;
        return branches.Count == 1 ? branches[0] : new Alternation(branches);
    }

    private Sequence Branch(Options options)
    {
        List<Node> parts = [];
        List<int> literal = [];
        while (!_reader.AtEnd && _reader.Peek() is not ('|' or ')'))
        {
            if (options.Extended && SkipBlank())
            {
                continue;
            }
            if (IsolatedOptions(ref options))
            {
                Flush(literal, parts, options);
                parts.Add(Branches(options)); // (?i) holds up to the end of the group, alternatives included
                break;
            }
            int before = _reader.Position;
            if (Literal() is { } codePoint)
            {
                literal.Add(codePoint);
                while (options.Extended && SkipBlank())
                {
                }
                if (Quantifiers.At(_reader))
                {
                    literal.RemoveAt(literal.Count - 1);
                    Flush(literal, parts, options);
                    parts.Add(Quantified(Spelled([codePoint], options), before, options));
                }
                continue;
            }
            Flush(literal, parts, options);
            if (Atom(options) is { } atom)
            {
                parts.Add(Quantified(atom, before, options));
            }
        }
        Flush(literal, parts, options);
        return new Sequence(parts);
    }

    private static void Flush(List<int> literal, List<Node> parts, Options options)
    {
        if (literal.Count > 0)
        {
            parts.Add(Spelled(literal, options));
            literal.Clear();
        }
    }

    private static Sequence Spelled(List<int> literal, Options options) => new(options.IgnoreCase
        ? [.. CaseFolding.Literal(literal, options.InLookbehind)]
        : [.. literal.Select(c => new OneOf(CodePointRanges.Of(c, c)))]);

    private bool SkipBlank()
    {
        if (_reader.Peek() is ' ' or '\t' or '\n' or '\r' or '\f' or '\v')
        {
            _reader.Next();
            return true;
        }
        if (_reader.Peek() != '#')
        {
            return false;
        }
        while (!_reader.AtEnd && _reader.Next() != '\n')
        {
        }
        return true;
    }

    // A character that means itself, or null when something else stands here.
    private int? Literal()
    {
        int start = _reader.Position;
        switch (_reader.Peek())
        {
            case '(' or '[' or '.' or '^' or '$': return null;
            case '*' or '+' or '?':
            case '{' when Quantifiers.At(_reader): throw _reader.Wrong("there is nothing to repeat before it");
            case '\\':
                _reader.Next();
                if (_reader.Peek() is 'w' or 'W' or 's' or 'S' or 'd' or 'D' or 'h' or 'H' or 'p' or 'P' or 'b' or 'B' or 'A' or 'Z' or 'z' or 'G' or 'K' or 'R' or 'X' or 'N' or 'O' or 'y' or 'Y'
                    || _reader.Peek() is 'k' or 'g' && _reader.Peek(1) is '<' or '\'' || _groups.IsReference())
                {
                    _reader.Back(start);
                    return null;
                }
                return _reader.EscapedCharacter(insideClass: false);
            default: return _reader.Next();
        }
    }

    private Node? Atom(Options options)
    {
        int start = _reader.Position;
        switch (_reader.Next())
        {
            case '(': return Group(options, start);
            case '[': return Class(options);
            case '.': return AnyBut(options.DotAll ? CodePointRanges.Empty : Properties.Newline);
            case '^': return new Anchor(AnchorKind.LineStart);
            case '$': return new Anchor(AnchorKind.LineEnd);
            default: return Escape(options, start);
        }
    }

    private static OneOf AnyBut(CodePointRanges not) => new(~not);

    private Node Class(Options options)
    {
        CodePointRanges inside = new ClassParser(_reader).Parse(out bool negated);
        return options.IgnoreCase ? CaseFolding.Class(inside, negated) : new OneOf(negated ? ~inside : inside);
    }

    private Node Escape(Options options, int start)
    {
        if (_reader.EscapedClass() is { } ranges)
        {
            return new OneOf(ranges);
        }
        if (_groups.IsReference())
        {
            return _groups.Numbered(_reader.Number()!.Value, start, options.IgnoreCase);
        }
        switch (_reader.Next())
        {
            case 'b': return new Anchor(AnchorKind.WordBorder);
            case 'B': return new Anchor(AnchorKind.NoWordBorder);
            case 'A': return new Anchor(AnchorKind.TextStart);
            case 'Z': return new Anchor(AnchorKind.TextEndOrLastNewline);
            case 'z': return new Anchor(AnchorKind.TextEnd);
            case 'G': return new Anchor(AnchorKind.SearchStart);
            case 'K': return new Anchor(AnchorKind.Keep);
            case 'y': return new Anchor(AnchorKind.ClusterBorder);
            case 'Y': return new Anchor(AnchorKind.NoClusterBorder);
            case 'N': return AnyBut(Properties.Newline);
            case 'O': return AnyBut(CodePointRanges.Empty);
            case 'R': return new Atomic(new Alternation([Spelled(['\r', '\n'], default), new OneOf(CodePointRanges.Of([('\n', '\r'), (0x85, 0x85), (0x2028, 0x2029)]))]));
            case 'X': // (?>\O(?:\Y\O)*)
                OneOf any = AnyBut(CodePointRanges.Empty);
                return new Atomic(new Sequence([any, new Repeat(new Sequence([new Anchor(AnchorKind.NoClusterBorder), any]), 0, int.MaxValue, RepeatMode.Greedy)]));
            case 'k': return _groups.Named(_reader.Until(_reader.Next() == '<' ? '>' : '\''), start, options.IgnoreCase);
            default: throw _reader.Wrong(@"calls of a group (\g<...>) are not supported: write the group's expression again", start);
        }
    }

    private Node? Group(Options options, int start)
    {
        if (!_reader.Take("?"))
        {
            if (_reader.Peek() == '*')
            {
                throw _reader.Wrong("callouts, (*name), are not supported", start);
            }
            return _groups.HaveNames ? Closed(Branches(options)) : Captured(_groups.Next(), options);
        }
        if (_reader.Take("#"))
        {
            while (_reader.Next() is var c && c != ')')
            {
                _ = c == '\\' ? _reader.Next() : 0;
            }
            return null;
        }
        if (_reader.Take(":"))
        {
            return Closed(Branches(options));
        }
        if (_reader.Take(">"))
        {
            return new Atomic(Closed(Branches(options)));
        }
        if (_reader.Take("=") || _reader.Has("!"))
        {
            bool negative = _reader.Take("!");
            return new Look(Closed(Branches(options)), Behind: false, negative);
        }
        if (_reader.Take("<=") || _reader.Has("<!"))
        {
            bool negative = _reader.Take("<!");
            return new Look(Closed(Branches(options with { InLookbehind = true })), Behind: true, negative);
        }
        if (_reader.Peek() is '<' or '\'')
        {
            return Captured(_groups.Next(_reader.Until(_reader.Next() == '<' ? '>' : '\'')), options);
        }
        if (!OptionLetters(ref options) || !_reader.Take(":"))
        {
            throw _reader.Wrong("this kind of group is not supported; known are (?:...), (?>...), lookahead, lookbehind, (?<name>...), (?#...) and the options i, m and x", start);
        }
        return Closed(Branches(options));
    }

    private Capture Captured(int group, Options options) => new(group, Closed(Branches(options)));

    private Node Closed(Node body) => _reader.Take(")") ? body : throw _reader.Wrong("a closing parenthesis is missing");

    private bool IsolatedOptions(ref Options options)
    {
        int start = _reader.Position;
        Options changed = options;
        if (_reader.Take("(?") && OptionLetters(ref changed) && _reader.Take(")"))
        {
            options = changed;
            return true;
        }
        _reader.Back(start);
        return false;
    }

    private bool OptionLetters(ref Options options)
    {
        bool on = true, any = false;
        for (; _reader.Peek() is 'i' or 'm' or 'x' or '-'; any = true)
        {
            switch (_reader.Next())
            {
                case '-': on = false; break;
                case 'i': options = options with { IgnoreCase = on }; break;
                case 'm': options = options with { DotAll = on }; break;
                default: options = options with { Extended = on }; break;
            }
        }
        return any;
    }

    private Node Quantified(Node node, int start, Options options)
    {
        for (; ; )
        {
            while (options.Extended && SkipBlank())
            {
            }
            if (!Quantifiers.At(_reader))
            {
                return node;
            }
            if (node is Anchor or Look)
            {
                throw _reader.Wrong("an anchor, a lookahead or a lookbehind cannot be repeated", start);
            }
            node = Quantifiers.Read(_reader, node);
        }
    }

    private readonly record struct Options(bool IgnoreCase, bool DotAll, bool Extended, bool InLookbehind);
}

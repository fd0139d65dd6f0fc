namespace Retrieval.Tokenization;

/// <summary>Which number a capturing group has, and which groups a backreference means. Where groups have names, those without are not counted.</summary>
internal sealed class GroupNumbers
{
    private readonly PatternReader _reader;
    private readonly Dictionary<string, List<int>> _names = [];
    private readonly int _all;

    public GroupNumbers(string pattern, PatternReader reader)
    {
        _reader = reader;
        (HaveNames, _all) = CountAll(pattern);
    }

    public bool HaveNames { get; }

    /// <summary>Groups so far.</summary>
    public int Count { get; private set; }

    /// <summary>The highest that was referred to.</summary>
    public int Highest { get; private set; }

    public int Next() => ++Count;

    public int Next(string name)
    {
        (_names.TryGetValue(name, out List<int>? groups) ? groups : _names[name] = []).Add(Count + 1);
        return ++Count;
    }

    /// <summary>Is a number here a backreference? 1 to 9 always; longer ones only when there are so many groups, else they are octal.</summary>
    public bool IsReference()
    {
        int start = _reader.Position;
        int? number = _reader.Peek() == '0' ? null : _reader.Number();
        _reader.Back(start);
        return number is <= 9 || number <= _all;
    }

    public Backreference Numbered(int group, int start, bool ignoreCase)
    {
        if (HaveNames)
        {
            throw _reader.Wrong("a group cannot be referred to by number where groups have names", start);
        }
        return group >= 1 && group <= _all ? To([group], start, ignoreCase) : throw _reader.Wrong($"no group {group}: there are {_all}", start);
    }

    public Backreference Named(string name, int start, bool ignoreCase)
    {
        if (_names.TryGetValue(name, out List<int>? groups))
        {
            return To(groups, start, ignoreCase);
        }
        if (!int.TryParse(name, null, out int number))
        {
            throw _reader.Wrong($"no group {name} before this place (a level, as in name+1, is not supported)", start);
        }
        return Numbered(name[0] == '-' ? Count + 1 + number : name[0] == '+' ? Count + number : number, start, ignoreCase);
    }

    private Backreference To(IReadOnlyList<int> groups, int start, bool ignoreCase)
    {
        Highest = Math.Max(Highest, groups.Max());
        return ignoreCase ? throw _reader.Wrong("a backreference in any case is not supported: switch it off there, (?-i:...)", start) : new Backreference([.. groups]);
    }

    // Counted before the pattern is read: a reference may point forward, and one name takes the numbers from all others.
    private static (bool HaveNames, int All) CountAll(string pattern)
    {
        int plain = 0, named = 0;
        int classes = 0;
        for (int i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\': i++; break;
                case '[': classes++; break;
                case ']': classes = Math.Max(0, classes - 1); break;
                case '(' when classes == 0 && i + 1 < pattern.Length:
                    bool special = pattern[i + 1] is '?' or '*';
                    named += special && i + 3 < pattern.Length && (pattern[i + 2] == '\'' || pattern[i + 2] == '<' && pattern[i + 3] is not ('=' or '!')) ? 1 : 0;
                    plain += special ? 0 : 1;
                    break;
            }
        }
        return (named > 0, named > 0 ? named : plain);
    }
}

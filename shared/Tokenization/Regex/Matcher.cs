using System.Runtime.CompilerServices;

namespace Retrieval.Tokenization;

/// <summary>
/// Runs a program on a text by backtracking: the leftmost match, and of those at one place the first in the order of the pattern. Allocates nothing once its
/// stack has grown. A search that turns back too often is given up with an error, as the reference gives up (its limit, 10,000,000 times, is for each place that a
/// match may begin at; here it is for a search). A long file: it is the kernel of the engine.
/// </summary>
internal sealed class Matcher
{
    /// <summary>How often a search may turn back, and how much it may have to remember (entries of 12 bytes).</summary>
    public const int MostRetries = 10_000_000, MostEntries = 8_000_000;

    [ThreadStatic]
    private static Matcher? t_mine;

    // Entries of three: (where to go on, place, -1), (after a greedy loop, its end, its least end), (~register, what it was, 0).
    private int[] _stack = new int[3 * 64];
    private int[] _registers = new int[16];
    private int _top, _retries, _from;
    private Program _program = null!;

    /// <summary>The matcher of this thread.</summary>
    public static Matcher Mine => t_mine ??= new Matcher();

    /// <summary>The first match that begins at or after an index.</summary>
    /// <exception cref="TokenizationException">It takes too long.</exception>
    public bool Find(Program program, ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        (_program, _retries, _from) = (program, 0, from);
        if (_registers.Length < program.Registers)
        {
            _registers = new int[program.Registers];
        }
        for (int at = from; at <= text.Length; at++)
        {
            if (program.First is { } first && !Skip(first, text, ref at))
            {
                break;
            }
            _top = 0;
            _registers.AsSpan(0, program.Registers).Fill(-1);
            _registers[0] = at; // \K changes it
            end = Run(text, 0, at, 0);
            if (end >= 0)
            {
                start = _registers[0];
                return true;
            }
            at += at + 1 < text.Length && char.IsHighSurrogate(text[at]) && char.IsLowSurrogate(text[at + 1]) ? 1 : 0;
        }
        (start, end) = (0, 0);
        return false;
    }

    // To the next place where a match can begin.
    private static bool Skip(CodePointSet first, ReadOnlySpan<char> text, ref int at)
    {
        for (int length; at < text.Length; at += length)
        {
            if (first.Contains(Characters.At(text, at, out length)))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Runs from an operation at a place. Returns the end of the match, or -1, with the stack as it was but for registers to restore.</summary>
    /// <remarks>One method, since it is the inner loop of the machine.</remarks>
    private int Run(ReadOnlySpan<char> text, int pc, int at, int behind)
    {
        int[] code = _program.Code;
        CodePointSet[] sets = _program.Sets;
        int bottom = _top, length;
        for (; ; )
        {
            switch ((Op)code[pc])
            {
                case Op.Done:
                    Forget(bottom);
                    return at;
                case Op.DoneBehind:
                    if (at != behind)
                    {
                        break;
                    }
                    Forget(bottom);
                    return at;
                case Op.Unit:
                    if ((uint)at < (uint)text.Length && text[at] == code[pc + 1])
                    {
                        at++;
                        pc += 2;
                        continue;
                    }
                    break;
                case Op.OneOf:
                    if (at < text.Length && sets[code[pc + 1]].Contains(Characters.At(text, at, out length)))
                    {
                        at += length;
                        pc += 2;
                        continue;
                    }
                    break;
                case Op.Greedy or Op.Possessive:
                    int last = Loop(text, at, sets[code[pc + 1]], code[pc + 2], code[pc + 3], out int least);
                    if (last < 0)
                    {
                        break;
                    }
                    if ((Op)code[pc] == Op.Greedy && last > least)
                    {
                        Push(pc + 4, last, least);
                    }
                    at = last;
                    pc += 4;
                    continue;
                case Op.Try:
                    Push(code[pc + 1], at, -1);
                    pc += 2;
                    continue;
                case Op.TryIf:
                    if ((uint)at < (uint)text.Length && sets[code[pc + 1]].Contains(Characters.At(text, at, out length)))
                    {
                        Push(code[pc + 2], at, -1);
                        pc += 3;
                    }
                    else
                    {
                        pc = code[pc + 2];
                    }
                    continue;
                case Op.Jump:
                    pc = code[pc + 1];
                    continue;
                case Op.Mark:
                    Set(code[pc + 1], at);
                    pc += 2;
                    continue;
                case Op.LeaveIfEmpty:
                    pc = _registers[code[pc + 1]] == at ? code[pc + 2] : pc + 3;
                    continue;
                case Op.Assert:
                    if ((AnchorKind)code[pc + 1] == AnchorKind.Keep)
                    {
                        Set(0, at);
                    }
                    else if (!Assertions.Holds((AnchorKind)code[pc + 1], text, at, _from))
                    {
                        break;
                    }
                    pc += 2;
                    continue;
                case Op.Atomic:
                    int end = Run(text, pc + 2, at, behind);
                    if (end < 0)
                    {
                        break;
                    }
                    at = end;
                    pc = code[pc + 1];
                    continue;
                case Op.Ahead:
                    if (Look(text, pc + 3, at, code[pc + 2] != 0, 0))
                    {
                        pc = code[pc + 1];
                        continue;
                    }
                    break;
                case Op.Behind:
                    if (LookBehind(text, pc, at))
                    {
                        pc = code[pc + 1];
                        continue;
                    }
                    break;
                case Op.Again:
                    int again = Again(text, pc + 1, at);
                    if (again >= 0)
                    {
                        at = again;
                        pc += 2 + code[pc + 1];
                        continue;
                    }
                    break;
            }
            if (!Back(text, bottom, ref pc, ref at))
            {
                return -1;
            }
        }
    }

    // Takes the last choice that is left.
    private bool Back(ReadOnlySpan<char> text, int bottom, ref int pc, ref int at)
    {
        if (++_retries > MostRetries)
        {
            throw TooMuch($"more than {MostRetries} tries");
        }
        while (_top > bottom)
        {
            Span<int> entry = _stack.AsSpan(_top - 3, 3);
            if (entry[0] < 0)
            {
                _registers[~entry[0]] = entry[1];
                _top -= 3;
                continue;
            }
            pc = entry[0];
            at = entry[1];
            if (entry[2] < 0)
            {
                _top -= 3;
                return true;
            }
            Characters.Before(text, at, out int length);
            at -= length;
            entry[1] = at;
            _top -= at <= entry[2] ? 3 : 0;
            return true;
        }
        return false;
    }

    private static int Loop(ReadOnlySpan<char> text, int at, CodePointSet set, int min, int max, out int least)
    {
        int count = 0;
        least = at;
        while (count < max && (uint)at < (uint)text.Length && set.Contains(Characters.At(text, at, out int length)))
        {
            at += length;
            if (++count == min)
            {
                least = at;
            }
        }
        return count < min ? -1 : at;
    }

    private bool Look(ReadOnlySpan<char> text, int pc, int at, bool negative, int behind)
    {
        int bottom = _top;
        bool found = Run(text, pc, at, behind) >= 0;
        if (found && negative)
        {
            Restore(bottom);
        }
        return found != negative;
    }

    private bool LookBehind(ReadOnlySpan<char> text, int pc, int at)
    {
        int[] code = _program.Code;
        bool negative = code[pc + 2] != 0;
        int start = at, least = code[pc + 3], most = code[pc + 4];
        for (int taken = 0; taken <= most; taken++)
        {
            if (taken >= least && Look(text, pc + 5, start, negative: false, at))
            {
                return !negative;
            }
            if (start == 0)
            {
                break;
            }
            Characters.Before(text, start, out int length);
            start -= length;
        }
        return negative;
    }

    private int Again(ReadOnlySpan<char> text, int operands, int at)
    {
        int[] code = _program.Code;
        for (int i = 1; i <= code[operands]; i++)
        {
            int start = _registers[2 * code[operands + i]], end = _registers[2 * code[operands + i] + 1];
            if (end >= 0 && text[at..].StartsWith(text[start..end]))
            {
                return at + end - start;
            }
        }
        return -1;
    }

    private void Set(int register, int value)
    {
        Push(~register, _registers[register], 0);
        _registers[register] = value;
    }

    // Drops the choices above, and keeps what restores registers: a later way back still needs it.
    private void Forget(int bottom)
    {
        int kept = bottom;
        for (int i = bottom; i < _top; i += 3)
        {
            if (_stack[i] < 0)
            {
                _stack.AsSpan(i, 3).CopyTo(_stack.AsSpan(kept));
                kept += 3;
            }
        }
        _top = kept;
    }

    private void Restore(int bottom)
    {
        for (; _top > bottom; _top -= 3)
        {
            _registers[~_stack[_top - 3]] = _stack[_top - 2];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Push(int where, int at, int least)
    {
        if (_top + 3 > _stack.Length)
        {
            Grow();
        }
        (_stack[_top], _stack[_top + 1], _stack[_top + 2]) = (where, at, least);
        _top += 3;
    }

    private void Grow()
    {
        if (_stack.Length >= 3 * MostEntries)
        {
            throw TooMuch($"more than {MostEntries} places to turn back to");
        }
        Array.Resize(ref _stack, _stack.Length * 2);
    }

    private TokenizationException TooMuch(string what) =>
        new($"The regular expression {_program.Text} was given up on this text after {what}: split the text, or write the expression so that it need not turn back (possessive quantifiers, atomic groups).");
}

using System.Globalization;

namespace Retrieval.Tokenization;

/// <summary>A pattern under the reader's finger: characters, escapes and numbers that groups and classes have in common.</summary>
internal sealed class PatternReader(string pattern)
{
    public int Position { get; private set; }

    public bool AtEnd => Position >= pattern.Length;

    /// <summary>The next character, or U+0000 at the end.</summary>
    public char Peek(int ahead = 0) => Position + ahead < pattern.Length ? pattern[Position + ahead] : '\0';

    public bool Has(string text) => string.CompareOrdinal(pattern, Position, text, 0, text.Length) == 0;

    public bool Take(string text)
    {
        bool has = Has(text);
        Position += has ? text.Length : 0;
        return has;
    }

    public bool Later(char c) => pattern.IndexOf(c, Math.Min(Position, pattern.Length)) >= 0;

    public void Back(int position) => Position = position;

    /// <summary>One code point.</summary>
    public int Next()
    {
        if (AtEnd)
        {
            throw Wrong("the pattern ends too early");
        }
        int codePoint = Characters.At(pattern, Position, out int length);
        Position += length;
        return codePoint;
    }

    public string Until(char end)
    {
        int at = pattern.IndexOf(end, Math.Min(Position, pattern.Length));
        if (at < 0)
        {
            throw Wrong($"there is no {end} that would end what begins here");
        }
        string text = pattern[Position..at];
        Position = at + 1;
        return text;
    }

    /// <summary>A decimal number, or null where there is none.</summary>
    public int? Number()
    {
        int start = Position;
        while (char.IsAsciiDigit(Peek()))
        {
            Position++;
        }
        if (start == Position)
        {
            return null;
        }
        return int.TryParse(pattern.AsSpan(start, Position - start), CultureInfo.InvariantCulture, out int number) ? number : throw Wrong("the number is too large");
    }

    /// <summary>The class that an escape stands for (\w, \p{..} and the like; the backslash is behind), or null when it is none.</summary>
    public CodePointRanges? EscapedClass()
    {
        int start = Position;
        char c = (char)Next();
        CodePointRanges? ranges = char.ToLowerInvariant(c) switch
        {
            'w' => Properties.Word,
            's' => Properties.White,
            'd' => Properties.Digit,
            'h' => Properties.HexDigit,
            'p' => Property(),
            _ => null,
        };
        if (ranges is null)
        {
            Position = start;
            return null;
        }
        return char.IsAsciiLetterUpper(c) ? ~ranges : ranges;
    }

    /// <summary>The character that an escape stands for; the backslash is behind.</summary>
    public int EscapedCharacter(bool insideClass)
    {
        int start = Position, c = Next();
        switch (c)
        {
            case 'n': return '\n';
            case 't': return '\t';
            case 'r': return '\r';
            case 'f': return '\f';
            case 'v': return '\v';
            case 'a': return '\a';
            case 'e': return 0x1B;
            case 'b' when insideClass: return '\b';
            case 'u': return Hex(4, 4);
            case 'x': return Peek() == '{' ? Braced(16) : BelowUtf8(Hex(0, 2), start);
            case 'o' when Peek() == '{': return Braced(8);
            case 'c': return Control();
            case 'C' when Take("-"): return Control();
            case 'M': throw Wrong(@"\M is not supported: write the character itself, or \x{...}", start);
            case >= '0' and <= '7': return BelowUtf8(Octal(c - '0'), start);
            default: return c;
        }
    }

    public PatternFormatException Wrong(string detail, int? at = null) => new(pattern, at ?? Position, detail);

    private CodePointRanges Property()
    {
        int start = Position;
        string name = Take("{") ? Until('}') : ((char)Next()).ToString();
        bool negated = name.StartsWith('^');
        CodePointRanges ranges = Properties.Find(negated ? name[1..] : name)
            ?? throw Wrong($"no property {name}: known are general categories, scripts by their long names, POSIX classes, Alphabetic, Uppercase, Lowercase, White_Space and the Emoji ones", start);
        return negated ? ~ranges : ranges;
    }

    private int Braced(int radix)
    {
        int start = Position;
        Next();
        string digits = Until('}');
        try
        {
            int value = Convert.ToInt32(digits, radix);
            return value is >= 0 and < CodePointRanges.Limit ? value : throw Wrong($"{digits} is no code point", start);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException)
        {
            throw Wrong($"{digits} is no number of base {radix}; sequences of code points are not supported", start);
        }
    }

    private int Hex(int least, int most)
    {
        int value = 0, digits = 0;
        for (; digits < most && char.IsAsciiHexDigit(Peek()); digits++)
        {
            value = value * 16 + Convert.ToInt32(((char)Next()).ToString(), 16);
        }
        return digits >= least ? value : throw Wrong($"{least} hexadecimal digits are needed here");
    }

    private int Octal(int value)
    {
        for (int digits = 1; digits < 3 && Peek() is >= '0' and <= '7'; digits++)
        {
            value = value * 8 + Next() - '0';
        }
        return value;
    }

    // The reference reads \x80 to \xFF as bytes of UTF-8.
    private int BelowUtf8(int value, int start) =>
        value < 0x80 ? value : throw Wrong(@"a byte of 80 or more is a part of a UTF-8 sequence, which is not supported: write \x{...} or \u....", start);

    private int Control()
    {
        int c = Next();
        return c == '?' ? 0x7F : c & 0x9F;
    }
}

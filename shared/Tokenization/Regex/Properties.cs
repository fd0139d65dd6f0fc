namespace Retrieval.Tokenization;

/// <summary>Character classes by name: \p{...}, [[:...:]] and \w \s \d \h, as Oniguruma defines them for Unicode text (its doc/RE).</summary>
internal static class Properties
{
    // Long names of the general categories (PropertyValueAliases.txt), in the order of the short ones.
    private static readonly (string Short, string Long)[] s_categories =
    [
        ("Lu", "Uppercase_Letter"), ("Ll", "Lowercase_Letter"), ("Lt", "Titlecase_Letter"), ("Lm", "Modifier_Letter"), ("Lo", "Other_Letter"), ("Mn", "Nonspacing_Mark"), ("Mc", "Spacing_Mark"),
        ("Me", "Enclosing_Mark"), ("Nd", "Decimal_Number"), ("Nl", "Letter_Number"), ("No", "Other_Number"), ("Pc", "Connector_Punctuation"), ("Pd", "Dash_Punctuation"), ("Ps", "Open_Punctuation"),
        ("Pe", "Close_Punctuation"), ("Pi", "Initial_Punctuation"), ("Pf", "Final_Punctuation"), ("Po", "Other_Punctuation"), ("Sm", "Math_Symbol"), ("Sc", "Currency_Symbol"), ("Sk", "Modifier_Symbol"),
        ("So", "Other_Symbol"), ("Zs", "Space_Separator"), ("Zl", "Line_Separator"), ("Zp", "Paragraph_Separator"), ("Cc", "Control"), ("Cf", "Format"), ("Cs", "Surrogate"), ("Co", "Private_Use"),
        ("L", "Letter"), ("M", "Mark"), ("N", "Number"), ("P", "Punctuation"), ("S", "Symbol"), ("Z", "Separator"), ("C", "Other"), ("LC", "Cased_Letter"), ("Cn", "Unassigned"),
    ];

    private static readonly Dictionary<string, Func<CodePointRanges>> s_byName = Names();

    public static CodePointRanges White => CharacterTables.Ranges("white");

    public static CodePointRanges Digit => Category("Nd");

    public static CodePointRanges Word { get; } = CharacterTables.Ranges("is.Alphabetic") | Category("M") | Category("Nd") | Category("Pc");

    public static CodePointSet WordSet { get; } = new(Word);

    public static CodePointRanges HexDigit { get; } = CodePointRanges.Of([('0', '9'), ('A', 'F'), ('a', 'f')]);

    public static CodePointRanges Newline { get; } = CodePointRanges.Of('\n', '\n');

    /// <summary>A class by its name, in any case, with or without spaces, hyphens and underscores; null when there is none.</summary>
    public static CodePointRanges? Find(string name) => s_byName.TryGetValue(Plain(name), out Func<CodePointRanges>? ranges) ? ranges() : null;

    /// <summary>What may stand between [: and :].</summary>
    public static bool IsPosix(string name) =>
        name is "alnum" or "alpha" or "ascii" or "blank" or "cntrl" or "digit" or "graph" or "lower" or "print" or "punct" or "space" or "upper" or "xdigit" or "word";

    private static Dictionary<string, Func<CodePointRanges>> Names()
    {
        Dictionary<string, Func<CodePointRanges>> names = new()
        {
            ["any"] = () => CodePointRanges.All,
            ["assigned"] = () => ~Category("Cn"),
            ["ascii"] = () => CodePointRanges.Of(0, 127),
            ["alnum"] = () => CharacterTables.Ranges("is.Alphabetic") | Digit,
            ["alpha"] = () => CharacterTables.Ranges("is.Alphabetic"),
            ["blank"] = () => Category("Zs") | CodePointRanges.Of('\t', '\t'),
            ["cntrl"] = () => Category("Cc"),
            ["digit"] = () => Digit,
            ["graph"] = Graph,
            ["print"] = () => Graph() | Category("Zs"),
            ["lower"] = () => CharacterTables.Ranges("is.Lowercase"),
            ["upper"] = () => CharacterTables.Ranges("is.Uppercase"),
            ["punct"] = () => Category("P") | Category("S"),
            ["space"] = () => White,
            ["whitespace"] = () => White,
            ["word"] = () => Word,
            ["xdigit"] = () => HexDigit,
        };
        foreach ((string shortName, string longName) in s_categories)
        {
            names[Plain(shortName)] = names[Plain(longName)] = () => Category(shortName);
        }
        foreach (string table in CharacterTables.Names("").Where(name => name.StartsWith("script.", StringComparison.Ordinal) || name.StartsWith("is.", StringComparison.Ordinal)))
        {
            names[Plain(table[(table.IndexOf('.', StringComparison.Ordinal) + 1)..])] = () => CharacterTables.Ranges(table);
        }
        return names;
    }

    private static CodePointRanges Graph() => ~(White | Category("Cc") | Category("Cn") | Category("Cs"));

    private static CodePointRanges Category(string name) => name switch
    {
        "Cn" => ~CharacterTables.Names("gc.").Aggregate(CodePointRanges.Empty, (all, next) => all | CharacterTables.Ranges($"gc.{next}")),
        "C" => Category("Cc") | Category("Cf") | Category("Cs") | Category("Co") | Category("Cn"),
        "LC" => Category("Lu") | Category("Ll") | Category("Lt"),
        [_] => CharacterTables.Names($"gc.{name}").Aggregate(CodePointRanges.Empty, (all, next) => all | CharacterTables.Ranges($"gc.{name}{next}")),
        _ => CharacterTables.Ranges($"gc.{name}"),
    };

    private static string Plain(string name) => string.Concat(name.Where(c => c is not (' ' or '-' or '_'))).ToLowerInvariant();
}

namespace Retrieval.Tokenization;

/// <summary>A regular expression in Oniguruma's syntax over the shipped tables of Unicode 16.0.</summary>
internal sealed class RegexPattern : TextPattern
{
    private readonly Program _program;

    private RegexPattern(Program program) => _program = program;

    /// <exception cref="PatternFormatException">It is wrong, or asks for what is not supported.</exception>
    public static RegexPattern Parse(string pattern) => new(PatternCompiler.Compile(pattern));

    /// <inheritdoc/>
    /// <exception cref="TokenizationException">The search takes too long: <see cref="Matcher"/> has the limits.</exception>
    public override bool Find(ReadOnlySpan<char> text, int from, out int start, out int end) => Matcher.Mine.Find(_program, text, from, out start, out end);
}

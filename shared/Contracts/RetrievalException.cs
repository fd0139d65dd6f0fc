namespace Retrieval.Contracts;

/// <summary>What went wrong, in the words that the caller sees: the value, the limit and the way out.</summary>
/// <param name="Kind">One of the error vocabulary.</param>
/// <param name="Detail">One sentence for a person.</param>
/// <param name="Field">The field, parameter, file or setting that is at fault.</param>
/// <param name="Value">The value that was given, shortened; never document or query text.</param>
/// <param name="Limit">The limit or the set of allowed values.</param>
/// <param name="Help">The way out.</param>
public sealed record Problem(ErrorKind Kind, string Detail, string? Field = null, string? Value = null, string? Limit = null, string? Help = null)
{
    /// <summary>HTTP status code.</summary>
    public int Status => Kind.Status();

    /// <summary>Everything on one line, for terminals and job rows; the limit where the words do not say it.</summary>
    public override string ToString() =>
        $"{Detail}{(Limit is null || Detail.Contains(Limit, StringComparison.Ordinal) || Help?.Contains(Limit, StringComparison.Ordinal) == true ? "" : $" Allowed: {Limit}.")}{(Help is null ? "" : $" {Help}")}";
}

/// <summary>The only exception that carries an error to a caller.</summary>
public sealed class RetrievalException : Exception
{
    /// <summary>Wraps a problem.</summary>
    public RetrievalException(Problem problem, Exception? inner = null) : base(problem.ToString(), inner) => Problem = problem;

    /// <summary>Builds the problem in place.</summary>
    public RetrievalException(ErrorKind kind, string detail, string? field = null, string? value = null, string? limit = null, string? help = null, Exception? inner = null)
        : this(new Problem(kind, detail, field, value, limit, help), inner)
    {
    }

    /// <summary>What the caller is told.</summary>
    public Problem Problem { get; }
}

using System.Text.Json.Serialization.Metadata;
using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>How an API that is not ours tells an error. On an endpoint's metadata; the one place where errors become answers looks for it there.</summary>
public sealed class ErrorDialect
{
    private readonly Func<Problem, (int Status, byte[] Body)> _write;

    private ErrorDialect(Func<Problem, (int, byte[])> write) => _write = write;

    /// <summary>Status and JSON body of a problem.</summary>
    public (int Status, byte[] Body) Write(Problem problem) => _write(problem);

    internal static ErrorDialect Of<T>(Func<Problem, (int Status, T Body)> shape, JsonTypeInfo<T> type) => new(problem =>
    {
        (int status, T body) = shape(problem);
        return (status, JsonSerializer.SerializeToUtf8Bytes(body, type));
    });
}

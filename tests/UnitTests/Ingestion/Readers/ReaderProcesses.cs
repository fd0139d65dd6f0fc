using Retrieval.Contracts;
using Retrieval.Ingestion.Readers;
using Retrieval.Ingestion.Readers.Isolation;

namespace Retrieval.UnitTests.Ingestion.Readers;

/// <summary>The program beside the tests as reading processes, with small bounds.</summary>
internal static class ReaderProcesses
{
    public const int MaxCharacters = 4 << 20;

    // Generous: the machine that runs the tests may be busy.
    public static ReaderOptions Options { get; } = new() { Processes = 2, Seconds = 60, MemoryMegabytes = 256, MaxCharacters = MaxCharacters };

    public static ReaderPool Shared { get; } = new(Options, TimeProvider.System);

    public static async Task<ReadText> ReadAsync(ReaderPool pool, byte[] content, string name, string mediaType = FileFormat.Unknown, string? url = null)
    {
        using IDisposable? place = await pool.TryEnterAsync(TimeSpan.FromMinutes(5), default);
        place.ShouldNotBeNull();
        return await pool.ReadAsync(new ReadRequest(mediaType, name, url, content, MaxCharacters), default);
    }

    /// <summary>Text or a reason that is fit for whoever owns the file.</summary>
    public static async Task<(ReadText? Text, Problem? Problem)> TryAsync(ReaderPool pool, byte[] content, string name)
    {
        try
        {
            return (await ReadAsync(pool, content, name), null);
        }
        catch (RetrievalException e)
        {
            e.Problem.Kind.ShouldBeOneOf(ErrorKind.Invalid, ErrorKind.TooLarge);
            e.Problem.Help.ShouldNotBeNullOrEmpty(e.Problem.Detail);
            e.Problem.Detail.Length.ShouldBeLessThan(500);
            return (null, e.Problem);
        }
    }
}

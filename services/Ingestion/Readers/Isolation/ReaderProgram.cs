using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.Ingestion.Readers.Isolation;

/// <summary>
/// The reading process from inside: the same program under a hidden word. It takes files one after the other from its standard input and answers on its standard
/// output; it ends when its input ends, when a file takes longer than it may (so that it does not outlive a service that was killed), or out of memory.
/// </summary>
public static class ReaderProgram
{
    /// <summary>The argument that makes the program a reading process.</summary>
    public const string Word = "read-files";

    /// <summary>Exit code when a file took too long.</summary>
    internal const int TooLong = 75;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>Runs until the input ends.</summary>
    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using Stream input = Console.OpenStandardInput(), output = Console.OpenStandardOutput();
        while (await ReaderWire.ReadAsync(input, int.MaxValue, cancellationToken) is { } head)
        {
            ReadOrder order = JsonSerializer.Deserialize(head, ReaderWire.Default.ReadOrder)!;
            byte[] content = await ReaderWire.ReadAsync(input, int.MaxValue, cancellationToken) ?? [];
            ReadAnswer answer = Answer(order, content);
            await ReaderWire.WriteAsync(output, answer, ReaderWire.Default.ReadAnswer, cancellationToken);
            if (answer.Ends)
            {
                return 0;
            }
        }
        return 0;
    }

    private static ReadAnswer Answer(ReadOrder order, byte[] content)
    {
        using Timer limit = new(_ => Environment.Exit(TooLong), null, TimeSpan.FromSeconds(order.Seconds) + Grace, Timeout.InfiniteTimeSpan);
        try
        {
            ReadRequest request = new(order.MediaType, order.Name, order.Url, content, order.MaxCharacters);
            return new ReadAnswer(ReaderTable.Read(Recognition.Of(request), request), null);
        }
        catch (RetrievalException e)
        {
            return new ReadAnswer(null, e.Problem);
        }
        catch (Exception e) when (IsMemory(e))
        {
            return new ReadAnswer(null, OutOfMemory, Ends: true);
        }
        catch (Exception e) // whatever a parser throws at a broken file: it is this file's reason, and nobody else's
        {
            return new ReadAnswer(null, new Problem(ErrorKind.Invalid, $"The file cannot be read: its parser gave up ({e.GetType().Name}: {Shown(e.Message)}).", "body", Help: "It is damaged, or uses what the parser does not know: save it anew, or send its text."), Ends: true);
        }
    }

    private static Problem OutOfMemory => new(ErrorKind.TooLarge, "The file takes more memory to read than it may.", "body", null, $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20} MiB (Ingestion:Readers:MemoryMegabytes)", "Split it, raise the limit, or send its text.");

    private static bool IsMemory(Exception e) => e is OutOfMemoryException or InsufficientMemoryException || (e.InnerException is { } inner && IsMemory(inner));

    private static string Shown(string message) => message.Length <= 200 ? message : message[..200] + "…";
}

using System.IO.Pipelines;
using System.Text;
using Retrieval.Gateway;

namespace Retrieval.UnitTests.Gateway;

public sealed class NdjsonLineTests
{
    private const int Limit = 50;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Lines_are_the_same_wherever_the_body_is_torn(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 300; i++)
        {
            string[] lines = [.. Enumerable.Range(0, random.Next(20)).Select(_ => Line(random))];
            string body = string.Concat(lines.Select(l => l + (random.Next(2) == 0 ? "\n" : "\r\n"))) + (random.Next(2) == 0 ? "" : Line(random));
            List<string> expected = [.. body.Split('\n').Where(l => !string.IsNullOrWhiteSpace(l) || l.Length > Limit).Select(l => l.Length > Limit ? $"too long: {l.Length}" : l)];
            Pipe pipe = new(new PipeOptions(minimumSegmentSize: 16, pauseWriterThreshold: 0, useSynchronizationContext: false));
            Task writing = WriteAsync(pipe.Writer, Encoding.ASCII.GetBytes(body), random);
            List<string> read = [];
            await foreach (NdjsonLine line in NdjsonLine.ReadAsync(pipe.Reader, Limit, default))
            {
                line.Json.IsEmpty.ShouldBe(line.IsTooLong, $"seed {seed}, body {i}");
                read.Add(line.IsTooLong ? $"too long: {line.Length}" : Encoding.ASCII.GetString(line.Json.Span));
            }
            await writing;
            read.ShouldBe(expected, $"seed {seed}, body {i}");
        }
    }

    [Fact]
    public async Task A_line_over_the_limit_is_passed_over_without_being_kept()
    {
        const int Huge = 20_000_000, Step = 10_000;
        // The writer is held back at 64 kB that nobody consumes: only a reader that lets go gets to the end.
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 65_536, resumeWriterThreshold: 32_768, useSynchronizationContext: false));
        Task writing = Task.Factory.StartNew(async () =>
        {
            for (int written = 0; written < Huge; written += Step)
            {
                await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(new string('x', Step)));
            }
            await pipe.Writer.WriteAsync("\n{}\n"u8.ToArray());
            await pipe.Writer.CompleteAsync();
        }, default, TaskCreationOptions.None, TaskScheduler.Default).Unwrap();
        List<NdjsonLine> lines = [];
        await foreach (NdjsonLine line in NdjsonLine.ReadAsync(pipe.Reader, 1000, default))
        {
            lines.Add(line);
        }
        await writing.WaitAsync(TimeSpan.FromSeconds(60));
        lines.Select(l => (l.Length, l.IsTooLong)).ShouldBe([(Huge, true), (2, false)]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\r\n \t \n")]
    public async Task A_body_without_lines_gives_none(string body)
    {
        await foreach (NdjsonLine line in NdjsonLine.ReadAsync(PipeReader.Create(new MemoryStream(Encoding.ASCII.GetBytes(body))), Limit, default))
        {
            Assert.Fail($"a line of {line.Length} bytes");
        }
    }

    [Fact]
    public async Task A_line_of_exactly_the_limit_passes_with_and_without_its_new_line()
    {
        string most = new('x', Limit);
        foreach (string body in (string[])[most, most + "\n", $"{most}\n{most}x"])
        {
            List<bool> tooLong = [];
            await foreach (NdjsonLine line in NdjsonLine.ReadAsync(PipeReader.Create(new MemoryStream(Encoding.ASCII.GetBytes(body))), Limit, default))
            {
                tooLong.Add(line.IsTooLong);
            }
            tooLong.ShouldBe(body.EndsWith('x') && body.Length > Limit ? [false, true] : [false]);
        }
    }

    private static string Line(Random random) => random.Next(5) switch
    {
        0 => new string(' ', random.Next(4)),
        1 => new string('x', random.Next(Limit - 2, 3 * Limit)),
        _ => new string((char)('a' + random.Next(26)), random.Next(1, Limit - 1)),
    };

    private static async Task WriteAsync(PipeWriter writer, byte[] body, Random random)
    {
        for (int at = 0; at < body.Length;)
        {
            int length = Math.Min(body.Length - at, random.Next(1, 40));
            await writer.WriteAsync(body.AsMemory(at, length));
            at += length;
            if (random.Next(3) == 0)
            {
                await Task.Yield();
            }
        }
        await writer.CompleteAsync();
    }
}

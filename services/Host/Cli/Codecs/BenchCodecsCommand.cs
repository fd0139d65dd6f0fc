using System.CommandLine;
using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Vectors.Advisor;
using Retrieval.Vectors.Codecs;
using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary><c>retrieval bench codecs</c>.</summary>
internal static class BenchCodecsCommand
{
    private const int UsualSample = 100_000, UsualQueries = 500;

    public static Command Create(CommonOptions common)
    {
        Argument<string> vectors = new("vectors") { Description = "A collection, or a file of vectors that ends in .npy" };
        Option<string?> queries = new("--queries") { Description = "Your own questions: for a collection a file with one a line, or NDJSON with a field text; or vectors in a .npy file. Default: titles and sentences of the collection, or rows of the file that are held out", HelpName = "file" };
        Option<int> sample = new("--sample") { Description = "Vectors that are measured; of a larger collection a sample", DefaultValueFactory = _ => UsualSample };
        Option<int> count = new("--count") { Description = "Queries at most", DefaultValueFactory = _ => UsualQueries };
        Option<string[]> codecs = new("--codecs") { Description = "Codecs to measure, such as int8 pca4:48; default: all kinds in several sizes", HelpName = "codec", AllowMultipleArgumentsPerToken = true };
        Option<double?> bytes = new("--max-bytes") { Description = "Bytes a vector at most", HelpName = "bytes" };
        Option<double?> recall = new("--min-recall") { Description = $"recall@{CodecBench.Top} at least, lower end of its interval; default {CodecNeeds.UsualRecall} without --max-bytes", HelpName = "0 to 1" };
        Option<double?> milliseconds = new("--max-query-ms") { Description = "Milliseconds of a query on one core at most", HelpName = "ms" };
        Option<bool> codes = new("--codes-only") { Description = $"Choose by the recall of codes alone, not by that of {CodecBench.Oversampling} times as many candidates scored again" };
        Option<string?> plot = new("--plot") { Description = "Also draw recall over bytes", HelpName = "file.svg" };
        Option<int> seed = new("--seed") { Description = "Decides sample, queries and training", DefaultValueFactory = _ => 1 };
        Option<bool> apply = new("--apply") { Description = "Give the collection the codec that was chosen, while searches go on" };
        Command command = new("codecs", $"""
            Measure every codec on your vectors against exact search: recall@{CodecBench.Top} with its 95 % interval, bytes a vector with codebooks and factors, time to code and to search; by codes alone, and with {CodecBench.Oversampling} times as many candidates scored again by the vectors. Recommends the smallest that does what you need.
            Recall depends on vectors, queries and --seed alone; times are those of this machine. When no codec does what is asked, the exit code is {ExitCodes.Conflict}.
            """) { vectors, queries, sample, count, codecs, bytes, recall, milliseconds, codes, plot, seed, apply };
        HelpExamples.Add(command, "retrieval bench codecs vectors.npy --max-bytes 64 --plot codecs.svg", "retrieval bench codecs docs --codecs int8 pca4:48 pca:48 --min-recall 0.9");
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            BenchRequest request = new(parsed.GetValue(vectors)!, parsed.GetValue(queries), Positive(parsed, sample), Positive(parsed, count), parsed.GetValue(seed));
            CodecNeeds needs = new(parsed.GetValue(bytes), parsed.GetValue(recall), parsed.GetValue(milliseconds), !parsed.GetValue(codes));
            IReadOnlyList<CodecSpec> named = [.. (parsed.GetValue(codecs) ?? []).Select(Named)];
            bool json = common.IsJson(parsed);
            if (request.IsFile && parsed.GetValue(apply))
            {
                throw new RetrievalException(ErrorKind.Invalid, "A file has no codec to be given.", "--apply", request.Vectors, "a collection", "Name a collection, or leave --apply out.");
            }
            await using Connection? connection = request.IsFile ? null : await Connection.OpenAsync(common.Load(parsed), cancellationToken);
            BenchSource source = connection is null ? FileSource.Read(request) : await CollectionSource.ReadAsync(connection.Client, request, cancellationToken);
            BenchAnswer answer = await MeasureAsync(source, named, needs, request.Seed, cancellationToken);
            CodecReport.Print(answer, json);
            if (parsed.GetValue(plot) is { } file)
            {
                await CodecPlot.WriteAsync(file, answer, cancellationToken);
            }
            if (answer.Choice is null)
            {
                return ExitCodes.Conflict;
            }
            return parsed.GetValue(apply) ? await CodecSwitch.RunAsync(connection!.Client, request.Vectors, answer.Choice, json, cancellationToken) : ExitCodes.Success;
        });
        return command;
    }

    private static async Task<BenchAnswer> MeasureAsync(BenchSource source, IReadOnlyList<CodecSpec> named, CodecNeeds needs, int seed, CancellationToken cancellationToken)
    {
        IReadOnlyList<CodecSpec> specs = named.Count > 0 ? named : CodecGrid.Of(source.Vectors.Dimensions);
        (IReadOnlyList<CodecTrial> Trials, IReadOnlyList<CodecRefusal> Refused) measured = ([], []);
        await Progress.RunAsync(Terminal.Remarks, "Measuring", "codecs", specs.Count, tell => Task.Factory.StartNew(() =>
            measured = Bench(source.Vectors, cancellationToken).Run(specs, seed, (codec, done) => tell(done, codec), cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        CodecChoice choice = CodecChoice.Of(measured.Trials, needs);
        return new BenchAnswer(source.About, new BenchAnswer.Data(source.Vectors.Total, source.Vectors.Count, source.Vectors.Dimensions, source.Vectors.QueryCount, seed),
            [.. measured.Trials.OrderBy(t => t.BytesAVector).ThenBy(t => t.Codec, StringComparer.Ordinal)], measured.Refused, choice.Trial?.Codec, choice.Reason);
    }

    private static CodecBench Bench(BenchVectors vectors, CancellationToken cancellationToken)
    {
        try
        {
            return CodecBench.Of(vectors, TimeProvider.System, cancellationToken);
        }
        catch (ArgumentException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, e.Message.Split(" (Parameter", 2)[0], "vectors", limit: "finite numbers, all of one length", inner: e);
        }
    }

    private static CodecSpec Named(string codec)
    {
        try
        {
            return CodecSpec.Parse(codec);
        }
        catch (ArgumentException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, e.Message, "--codecs", codec, inner: e);
        }
    }

    private static int Positive(ParseResult parsed, Option<int> option) => parsed.GetValue(option) is > 0 and int number ? number
        : throw new RetrievalException(ErrorKind.Invalid, $"{option.Name} is {parsed.GetValue(option)}.", option.Name, $"{parsed.GetValue(option)}", "1 or more");
}

/// <summary>What to measure on.</summary>
/// <param name="Vectors">A collection or a file.</param>
/// <param name="Queries">A file, or null.</param>
/// <param name="Sample">Vectors at most.</param>
/// <param name="Count">Queries at most.</param>
/// <param name="Seed">Decides which.</param>
internal sealed record BenchRequest(string Vectors, string? Queries, int Sample, int Count, int Seed)
{
    public bool IsFile => Vectors.EndsWith(".npy", StringComparison.OrdinalIgnoreCase);
}

/// <summary>Vectors and queries, and where they come from in a sentence.</summary>
internal sealed record BenchSource(BenchVectors Vectors, string About)
{
    /// <summary>A sample says that it is one: among fewer rows the nearest are further apart, and codes tell them apart more easily.</summary>
    public static string Part(int taken, long all) => taken == all ? FormattableString.Invariant($"all {all:N0} vectors")
        : FormattableString.Invariant($"a sample of {taken:N0} of {all:N0} vectors (exact search and recall are among the sample, query times for all)");
}

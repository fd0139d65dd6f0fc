using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.OnnxRuntime;
using Retrieval.Storage;
using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary><c>retrieval doctor</c>: looks at everything that a start needs, one line each.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommonOptions common)
    {
        Command command = new("doctor", "Check what a start needs: runtime, ONNX Runtime and its providers, the models (each encodes one text), the data folder, the server's address. Exit code 1 when something would stop a start.");
        HelpExamples.Add(command, "retrieval doctor", "retrieval doctor --Encoder:Models:0:Path ./models/bge-small-en-v1.5 --json");
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            List<Finding> findings = await ExamineAsync(common.Load(parsed), cancellationToken);
            if (common.IsJson(parsed))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(findings, FindingJson.Default.ListFinding));
            }
            else
            {
                Print(Terminal.Answers, findings);
            }
            return findings.Exists(f => f.Status == Finding.Failed) ? ExitCodes.Internal : ExitCodes.Success;
        });
        return command;
    }

    private static async Task<List<Finding>> ExamineAsync(Settings settings, CancellationToken cancellationToken)
    {
        string simd = Avx512F.IsSupported ? "AVX-512" : Avx2.IsSupported ? "AVX2" : "128 bits";
        return
        [
            new("runtime", Finding.Ok, $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription} {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} processors, {simd}"),
            Look("onnxruntime", () => $"{EncoderSession.RuntimeVersion}; providers: {string.Join(", ", EncoderSession.AvailableProviders)}"),
            .. settings.Roles.Contains(Role.Encoder) ? await ModelsAsync(settings.Encoder, cancellationToken) : [],
            Folder(settings.Storage.Folder),
            await ServerAsync(settings, cancellationToken),
        ];
    }

    private static async Task<List<Finding>> ModelsAsync(EncoderOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await using ServiceProvider services = new ServiceCollection().AddLogging().AddEncoder(options).BuildServiceProvider();
            LocalEncoder encoder = services.GetRequiredService<LocalEncoder>();
            List<Finding> findings = [];
            foreach (string model in encoder.Models)
            {
                findings.Add(await ModelAsync(encoder, model, cancellationToken));
            }
            return findings;
        }
        catch (RetrievalException e)
        {
            return [new("model", Finding.Failed, e.Message)];
        }
    }

    private static async Task<Finding> ModelAsync(LocalEncoder encoder, string name, CancellationToken cancellationToken)
    {
        if (encoder.Failures.FirstOrDefault(f => f.StartsWith($"{name}: ", StringComparison.Ordinal)) is { } failure)
        {
            return new($"model {name}", Finding.Failed, failure[(name.Length + 2)..]);
        }
        EncoderDescription model = await encoder.DescribeAsync(name, cancellationToken);
        if (model.Kind != ModelKind.Embedding)
        {
            return new($"model {model.Model}", Finding.Ok, $"{model.Kind}, {model.Space.MaxTokens} tokens, on {model.Provider}");
        }
        await encoder.EmbedAsync(new EmbedRequest(["a first text, so that the second one shows the usual time"], Model: name), cancellationToken);
        long began = Stopwatch.GetTimestamp();
        await encoder.EmbedAsync(new EmbedRequest(["How long does a short question take?"], Model: name), cancellationToken);
        double milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        return new($"model {model.Model}", Finding.Ok, string.Create(CultureInfo.InvariantCulture,
            $"{model.Space.Dimensions} dimensions, {model.Space.MaxTokens} tokens, {model.Space.Pooling} pooling, on {model.Provider}; a short question takes {milliseconds:F1} ms; space {model.Space.Id}"));
    }

    private static Finding Folder(string path)
    {
        try
        {
            bool isNew = !Directory.Exists(path);
            using DataFolder folder = DataFolder.Open(path);
            long bytes = Directory.EnumerateFiles(folder.Path).Sum(f => new FileInfo(f).Length), free = new DriveInfo(folder.Path).AvailableFreeSpace;
            if (isNew)
            {
                Directory.Delete(folder.Path, true); // only looked
            }
            return new("data folder", Finding.Ok, $"{folder.Path}: {(isNew ? "not there yet" : $"{bytes >> 20} MiB")}, writable, {free >> 20} MiB free");
        }
        catch (RetrievalException e)
        {
            return new("data folder", e.Problem.Kind == ErrorKind.Conflict ? Finding.Note : Finding.Failed, e.Message);
        }
    }

    private static async Task<Finding> ServerAsync(Settings settings, CancellationToken cancellationToken)
    {
        using RetrievalClient client = new(Connection.Http(settings));
        return await client.IsReadyAsync(cancellationToken) ? new("server", Finding.Ok, $"{client.Address} is ready") : new("server", Finding.Note, $"none is ready at {client.Address}; 'retrieval serve' starts one");
    }

    private static Finding Look(string name, Func<string> look)
    {
        try
        {
            return new(name, Finding.Ok, look());
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or EntryPointNotFoundException)
        {
            return new(name, Finding.Failed, $"{e.GetBaseException().Message} Build again, so that the native library is fetched.");
        }
    }

    private static void Print(IAnsiConsole console, List<Finding> findings)
    {
        foreach (Finding finding in findings)
        {
            string color = finding.Status switch { Finding.Ok => "green", Finding.Failed => "red", _ => "yellow" };
            console.MarkupLineInterpolated($"[{color}]{finding.Status,-6}[/] [bold]{finding.Name}[/]: {finding.Detail}");
        }
    }
}

using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Onnx;

namespace Retrieval.Encoder;

/// <summary>What to align.</summary>
/// <param name="Teacher">Folder of the model that documents are encoded with.</param>
/// <param name="Student">Folder of the model that queries shall be encoded with.</param>
/// <param name="Texts">The user's own: fitted to and measured on.</param>
/// <param name="Map">Which map.</param>
/// <param name="LeastRecall">Lower end of the recall kept from which on the pair is admitted.</param>
/// <param name="Output">Folder to write; must not exist.</param>
public sealed record AlignmentRequest(string Teacher, string Student, IReadOnlyList<string> Texts, MapKind Map, double LeastRecall, string Output);

/// <summary>What came of it.</summary>
/// <param name="Maps">Every map that was tried, the better first.</param>
/// <param name="Folder">The pair's folder; null when it was not admitted.</param>
public sealed record AlignmentReport(IReadOnlyList<AlignedMap> Maps, string? Folder);

/// <summary>Encodes texts with both models, fits, measures, and writes the pair when it keeps enough.</summary>
public static class PairAlignment
{
    private const int TextsAtOnce = 64;

    // The written folder gives the vectors that were measured, but for the rounding of the map to float32.
    private const double SameVector = 0.9999;

    /// <summary>Runs.</summary>
    /// <param name="request">What to align.</param>
    /// <param name="encoder">Provider and threads.</param>
    /// <param name="encoded">Called once a text and model.</param>
    /// <param name="logger">Of the models.</param>
    /// <param name="cancellationToken">Ends it; nothing is left behind.</param>
    /// <exception cref="RetrievalException">Invalid: a folder cannot be served or is no plain model, texts are too few, or the output is there already.</exception>
    public static async Task<AlignmentReport> RunAsync(AlignmentRequest request, EncoderOptions encoder, Action encoded, ILogger logger, CancellationToken cancellationToken)
    {
        if (Path.Exists(request.Output))
        {
            throw new RetrievalException(ErrorKind.Conflict, $"{request.Output} is there already.", "--output", request.Output, help: "Name a folder that does not exist.");
        }
        RequirePlain(request.Teacher, "--teacher");
        RequirePlain(request.Student, "--student");
        using LocalEncoder teacher = Open(request.Teacher, encoder, logger), student = Open(request.Student, encoder, logger);
        float[][] to = await EncodeAsync(teacher, request.Texts, InputKind.Document, encoded, cancellationToken).ConfigureAwait(false);
        float[][] from = await EncodeAsync(student, request.Texts, InputKind.Query, encoded, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<AlignedMap> maps = ModelAlignment.Fit(from, to, request.Map, cancellationToken);
        if (maps[0].Measure.RecallKept.Low < request.LeastRecall)
        {
            return new AlignmentReport(maps, null);
        }
        await WriteAsync(request, encoder, (teacher, student), maps[0], logger, cancellationToken).ConfigureAwait(false);
        return new AlignmentReport(maps, request.Output);
    }

    /// <summary>A pair is made of models, not of pairs or upgrades: what another file says would be lost.</summary>
    private static void RequirePlain(string folder, string option)
    {
        if (File.Exists(Path.Combine(folder, RetrievalFile.Name)) || (Directory.Exists(folder) && File.Exists(Path.Combine(folder, "modules.json")) && ModuleList.Read(folder).Queries is not null))
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{folder} is an upgrade, a pair or a router.", option, folder, help: $"Name the folder of a model without {RetrievalFile.Name}.");
        }
    }

    private static LocalEncoder Open(string folder, EncoderOptions options, ILogger logger) => LocalEncoder.Load(new EncoderOptions
    {
        Models = [new ModelOptions { Path = folder }], Provider = options.Provider, Threads = options.Threads, BatchTokens = options.BatchTokens, QueueTokens = options.QueueTokens, CompiledFolder = options.CompiledFolder, CacheBytes = 0,
    }, logger);

    private static async Task<float[][]> EncodeAsync(LocalEncoder encoder, IReadOnlyList<string> texts, InputKind kind, Action encoded, CancellationToken cancellationToken)
    {
        List<float[]> vectors = [];
        foreach (string[] some in texts.Chunk(TextsAtOnce))
        {
            vectors.AddRange((await encoder.EmbedAsync(new EmbedRequest(some, kind), cancellationToken).ConfigureAwait(false)).Vectors);
            Array.ForEach(some, _ => encoded());
        }
        return [.. vectors];
    }

    /// <summary>In a folder beside the output, which takes its name when it is whole.</summary>
    private static async Task WriteAsync(AlignmentRequest request, EncoderOptions encoder, (LocalEncoder Teacher, LocalEncoder Student) models, AlignedMap map, ILogger logger, CancellationToken cancellationToken)
    {
        string output = Path.GetFullPath(request.Output), partial = $"{output}.partial", student = Path.Combine(partial, "student");
        Remove(partial);
        Directory.CreateDirectory(partial);
        try
        {
            string queries = (await models.Student.DescribeAsync(null, cancellationToken).ConfigureAwait(false)).Space.Id;
            if (map.Fit is not null)
            {
                AlignedFolder.Write(ModelFolder.Read(request.Student), Path.GetFullPath(request.Student), student, map.Fit);
                queries = await ReadBackAsync(request.Texts[0], models.Student, student, map, encoder, logger, cancellationToken).ConfigureAwait(false);
            }
            EncoderDescription teacher = await models.Teacher.DescribeAsync(null, cancellationToken).ConfigureAwait(false);
            PairFile.Write(partial, Path.GetRelativePath(output, request.Teacher), map.Fit is null ? Path.GetRelativePath(output, request.Student) : "student",
                Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(request.Student))), new AdmittedVariant(teacher.Space.Id, queries, map.Measure));
            cancellationToken.ThrowIfCancellationRequested();
            Directory.Move(partial, output);
        }
        finally
        {
            Remove(partial);
        }
    }

    /// <summary>Loads what was written: its space's id, after its vector proved to be the mapped one.</summary>
    private static async Task<string> ReadBackAsync(string text, LocalEncoder before, string folder, AlignedMap map, EncoderOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        using LocalEncoder written = Open(folder, options, logger);
        float[] plain = (await EncodeAsync(before, [text], InputKind.Query, () => { }, cancellationToken).ConfigureAwait(false))[0], expected = new float[map.Fit!.Bias.Length];
        map.Fit.Apply(plain, expected);
        Vectors.Kernels.Normalize(expected);
        float[] actual = (await EncodeAsync(written, [text], InputKind.Query, () => { }, cancellationToken).ConfigureAwait(false))[0];
        return Vectors.Kernels.Dot(actual, expected) > SameVector ? (await written.DescribeAsync(null, cancellationToken).ConfigureAwait(false)).Space.Id
            : throw new RetrievalException(ErrorKind.Internal, $"The aligned folder gives another vector (cosine {Vectors.Kernels.Dot(actual, expected)}) than the one that was measured.");
    }

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, true);
        }
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>First line of a collection's snapshot.</summary>
internal sealed record SnapshotHead(int Snapshot, string Collection, string Encoder, VectorSpace Space, ChunkingSettings Chunking, string? Codec, IndexKind Index = IndexKind.Auto);

/// <summary>A document of a snapshot: everything of its live generation.</summary>
internal sealed record SnapshotDocument(string Id, long Version, long Generation, string? Title, string Text, string? Url, Dictionary<string, JsonElement>? Metadata, IReadOnlyList<SnapshotChunk> Chunks);

/// <summary>A chunk of a snapshot.</summary>
internal sealed record SnapshotChunk(int Start, int End, int Tokens, byte[] ReuseKey, byte[] Vector)
{
    public IReadOnlyList<string>? Headings { get; init; }

    public int? Page { get; init; }
}

/// <summary>Last line of a snapshot.</summary>
/// <param name="Documents">Lines between the first and this one.</param>
/// <param name="Sha256">Of all lines before, with their line ends; lower-case hex.</param>
internal sealed record SnapshotEnd(long Documents, string Sha256);

/// <summary>NDJSON: a head, a line a document, an end with count and checksum, so that a cut file is known.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SnapshotHead))]
[JsonSerializable(typeof(SnapshotDocument))]
[JsonSerializable(typeof(SnapshotEnd))]
internal sealed partial class SnapshotFormat : JsonSerializerContext
{
    /// <summary>The version that is written.</summary>
    public const int Version = 1;

    private const string Way = "Take a whole snapshot, as GET /v1/collections/{c}/snapshot gives it.";

    /// <summary>Reads head and documents of a file whose end was checked.</summary>
    public static IEnumerable<SnapshotDocument> Documents(string path)
    {
        using StreamReader reader = new(path);
        reader.ReadLine();
        for (string? line = reader.ReadLine(), next = reader.ReadLine(); next is not null; line = next, next = reader.ReadLine())
        {
            yield return JsonSerializer.Deserialize(line!, Default.SnapshotDocument)!;
        }
    }

    /// <summary>Checks a whole file and gives its head.</summary>
    /// <exception cref="RetrievalException">Invalid: cut, damaged, of a newer version, or no snapshot.</exception>
    public static SnapshotHead Check(string path)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using StreamReader reader = new(path);
        string head = reader.ReadLine() ?? throw Invalid("The snapshot is empty.", 1);
        string? line = head;
        long lines = 1;
        for (string? next = reader.ReadLine(); next is not null; line = next, next = reader.ReadLine(), lines++)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(line + "\n"));
            _ = lines == 1 ? (object)Read(line, Default.SnapshotHead, lines) : Read(line, Default.SnapshotDocument, lines);
        }
        SnapshotEnd end = Read(line, Default.SnapshotEnd, lines);
        if (end.Documents != lines - 2 || end.Sha256 != Convert.ToHexStringLower(hash.GetHashAndReset()))
        {
            throw Invalid("The snapshot is not what was written: count or checksum are wrong.", lines);
        }
        SnapshotHead read = Read(head, Default.SnapshotHead, 1);
        return read.Snapshot <= Version ? read : throw new RetrievalException(ErrorKind.Invalid, $"The snapshot was written by a newer program: its version is {read.Snapshot}, this program knows {Version}.", "snapshot", $"{read.Snapshot}", $"{Version}", "Use the newer program.");
    }

    private static T Read<T>(string line, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, long number)
    {
        try
        {
            return JsonSerializer.Deserialize(line, type)!;
        }
        catch (JsonException e)
        {
            throw Invalid($"Line {number} of the snapshot is cut or no part of a snapshot: {e.Message}", number, e);
        }
    }

    private static RetrievalException Invalid(string detail, long line, Exception? inner = null) => new(ErrorKind.Invalid, detail, "body", $"line {line}", help: Way, inner: inner);
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Contracts;

/// <summary>
/// JSON of the public and internal routes: camelCase, nulls left out, text unescaped.
/// <see cref="Strict"/> reads requests and refuses unknown fields; <see cref="Lenient"/> reads answers, which may grow.
/// </summary>
[JsonSerializable(typeof(CollectionInput))]
[JsonSerializable(typeof(CollectionInfo))]
[JsonSerializable(typeof(CollectionList))]
[JsonSerializable(typeof(DocumentInput))]
[JsonSerializable(typeof(DocumentInfo))]
[JsonSerializable(typeof(DocumentList))]
[JsonSerializable(typeof(DocumentSource))]
[JsonSerializable(typeof(StatusInfo))]
[JsonSerializable(typeof(JobList))]
[JsonSerializable(typeof(DeadLetterInfo))]
[JsonSerializable(typeof(DeadLetterList))]
[JsonSerializable(typeof(ReplayedInfo))]
[JsonSerializable(typeof(LoadInfo))]
[JsonSerializable(typeof(CollectionProgress))]
[JsonSerializable(typeof(TimelineEntry))]
[JsonSerializable(typeof(ChangeMessage))]
[JsonSerializable(typeof(DaprSubscription[]))]
[JsonSerializable(typeof(DaprVerdict))]
[JsonSerializable(typeof(BulkVerdict))]
[JsonSerializable(typeof(SearchRequest))]
[JsonSerializable(typeof(Filter))]
[JsonSerializable(typeof(SearchResponse))]
[JsonSerializable(typeof(CompressRequest))]
[JsonSerializable(typeof(CompressResult))]
[JsonSerializable(typeof(CodecTrainRequest))]
[JsonSerializable(typeof(CodecTrainResult))]
[JsonSerializable(typeof(CodecEncodeRequest))]
[JsonSerializable(typeof(CodecEncodeResult))]
[JsonSerializable(typeof(CodecDecodeRequest))]
[JsonSerializable(typeof(CodecDecodeResult))]
[JsonSerializable(typeof(CodecDescribeRequest))]
[JsonSerializable(typeof(CodecDescription))]
[JsonSerializable(typeof(QuestionInput))]
[JsonSerializable(typeof(QuestionVectors))]
[JsonSerializable(typeof(QuestionSample))]
[JsonSerializable(typeof(EncoderDescription))]
[JsonSerializable(typeof(EmbedRequest))]
[JsonSerializable(typeof(EmbedResult))]
[JsonSerializable(typeof(EmbedTokensResult))]
[JsonSerializable(typeof(MatchRequest))]
[JsonSerializable(typeof(MatchResult))]
[JsonSerializable(typeof(ScoreRequest))]
[JsonSerializable(typeof(ScoreResult))]
[JsonSerializable(typeof(EmbedSparseResult))]
[JsonSerializable(typeof(ClassifyRequest))]
[JsonSerializable(typeof(ExplainRequest))]
[JsonSerializable(typeof(ExplainResult))]
[JsonSerializable(typeof(ClassifyResult))]
[JsonSerializable(typeof(IReadOnlyList<EncoderDescription>))]
[JsonSerializable(typeof(ModelInput))]
[JsonSerializable(typeof(ModelInfo))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ProblemBody))]
[JsonSerializable(typeof(HealthInfo))]
[JsonSerializable(typeof(List<TimelineEntry>))]
[JsonSerializable(typeof(VectorSpace))]
[JsonSerializable(typeof(ChunkingSettings))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(Dictionary<string, System.Text.Json.JsonElement>))]
public sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>For requests: an unknown field is an error.</summary>
    public static WireJson Strict { get; } = new(With(JsonUnmappedMemberHandling.Disallow));

    /// <summary>For answers of servers that may be newer.</summary>
    public static WireJson Lenient { get; } = new(With(JsonUnmappedMemberHandling.Skip));

    private static JsonSerializerOptions With(JsonUnmappedMemberHandling unmapped) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        UnmappedMemberHandling = unmapped,
        RespectNullableAnnotations = true,
    };
}

/// <summary>Answer of /healthz and /readyz.</summary>
/// <param name="Status">healthy, ready, starting or broken.</param>
/// <param name="Waiting">What readiness waits for.</param>
/// <param name="Failed">What does not work while the rest does: models that could not be loaded, each with the reason.</param>
public sealed record HealthInfo(string Status, IReadOnlyList<string>? Waiting = null, IReadOnlyList<string>? Failed = null);

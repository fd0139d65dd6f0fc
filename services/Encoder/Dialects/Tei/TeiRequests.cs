using System.Text.Json;
using System.Text.Json.Serialization;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>What every request of texts may say.</summary>
internal record TeiTexts
{
    /// <summary>A text, texts, token ids or lists of such.</summary>
    public Inputs? Inputs { get; init; }
    /// <summary>Cut a text that is over the limit instead of refusing it.</summary>
    public bool? Truncate { get; init; }
    /// <summary>Right (default) or Left.</summary>
    public string? TruncationDirection { get; init; }
    /// <summary>One of the model's prompts.</summary>
    public string? PromptName { get; init; }
    /// <summary>Ours: a served model.</summary>
    public string? Model { get; init; }
}

/// <summary>Body of /embed.</summary>
internal sealed record TeiEmbed : TeiTexts
{
    /// <summary>Unit length; true by default.</summary>
    public bool? Normalize { get; init; }
    /// <summary>First numbers that are kept.</summary>
    public int? Dimensions { get; init; }
}

/// <summary>Body of /embed_sparse.</summary>
internal sealed record TeiSparse : TeiTexts
{
    /// <summary>Ours: the heaviest that are kept.</summary>
    public int? Top { get; init; }
}

/// <summary>Body of /predict: a text, a pair of texts, or a list of lists of one or two.</summary>
internal sealed record TeiPredict
{
    /// <summary>What to classify.</summary>
    public TeiSequences? Inputs { get; init; }
    /// <summary>Cut what is over the limit.</summary>
    public bool? Truncate { get; init; }
    /// <summary>Right (default) or Left.</summary>
    public string? TruncationDirection { get; init; }
    /// <summary>Logits.</summary>
    public bool? RawScores { get; init; }
    /// <summary>Ours: a served model.</summary>
    public string? Model { get; init; }
}

/// <summary>Body of /rerank.</summary>
internal sealed record TeiRerank
{
    /// <summary>The question.</summary>
    public string? Query { get; init; }
    /// <summary>Texts to put in order.</summary>
    public IReadOnlyList<string>? Texts { get; init; }
    /// <summary>Cut a pair that is over the limit.</summary>
    public bool? Truncate { get; init; }
    /// <summary>Right (default) or Left.</summary>
    public string? TruncationDirection { get; init; }
    /// <summary>Logits of a cross-encoder.</summary>
    public bool? RawScores { get; init; }
    /// <summary>Texts come back.</summary>
    public bool? ReturnText { get; init; }
    /// <summary>Ours: a served model; none: a cross-encoder if one is served, else late interaction.</summary>
    public string? Model { get; init; }
    /// <summary>Ours: late interaction over so many neighbouring tokens as one.</summary>
    public int? Pool { get; init; }
}

/// <summary>Body of /similarity.</summary>
internal sealed record TeiSimilarity
{
    /// <summary>What is compared.</summary>
    public TeiSentences? Inputs { get; init; }
    /// <summary>As of the other routes.</summary>
    public TeiTexts? Parameters { get; init; }
    /// <summary>Ours: a served model.</summary>
    public string? Model { get; init; }
}

/// <summary>A sentence and those that it is compared with.</summary>
internal sealed record TeiSentences(string? SourceSentence, IReadOnlyList<string>? Sentences);

/// <summary>Body of /tokenize.</summary>
internal sealed record TeiTokenize
{
    /// <summary>A text or texts.</summary>
    public Inputs? Inputs { get; init; }
    /// <summary>True by default.</summary>
    public bool? AddSpecialTokens { get; init; }
    /// <summary>One of the model's prompts.</summary>
    public string? PromptName { get; init; }
    /// <summary>Ours: a served model.</summary>
    public string? Model { get; init; }
}

/// <summary>Body of /decode.</summary>
internal sealed record TeiDecode
{
    /// <summary>Token ids, or lists of such.</summary>
    public Inputs? Ids { get; init; }
    /// <summary>True by default.</summary>
    public bool? SkipSpecialTokens { get; init; }
    /// <summary>Ours: a served model.</summary>
    public string? Model { get; init; }
}

/// <summary>Texts and pairs.</summary>
/// <param name="Items">At least one.</param>
/// <param name="IsOne">Sent without a list of lists.</param>
[JsonConverter(typeof(Reader))]
internal sealed record TeiSequences(IReadOnlyList<TextPair> Items, bool IsOne)
{
    internal sealed class Reader : JsonConverter<TeiSequences>
    {
        public override TeiSequences Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using JsonDocument json = JsonDocument.ParseValue(ref reader);
            JsonElement root = json.RootElement;
            return root.ValueKind == JsonValueKind.String || (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0 && root[0].ValueKind == JsonValueKind.String) ? new TeiSequences([Pair(root)], true)
                : root.ValueKind == JsonValueKind.Array ? new TeiSequences([.. root.EnumerateArray().Select(Pair)], false) : throw Wrong();
        }

        public override void Write(Utf8JsonWriter writer, TeiSequences value, JsonSerializerOptions options) => throw new NotSupportedException();

        private static TextPair Pair(JsonElement json) => json.ValueKind switch
        {
            JsonValueKind.String => new TextPair(Text(json)),
            JsonValueKind.Array when json.GetArrayLength() == 1 => new TextPair(Text(json[0])),
            JsonValueKind.Array when json.GetArrayLength() == 2 => new TextPair(Text(json[0]), Text(json[1])),
            _ => throw Wrong(),
        };

        private static string Text(JsonElement json)
        {
            try
            {
                return json.ValueKind == JsonValueKind.String ? json.GetString()! : throw Wrong();
            }
            catch (InvalidOperationException e) // half of a surrogate pair
            {
                throw new JsonException("a string is not valid Unicode", e);
            }
        }

        private static JsonException Wrong() => new("a string, a pair of strings, or a list of lists of one or two strings is expected");
    }
}

/// <summary>A number of a sparse vector.</summary>
internal sealed record TeiWeight(int Index, float Value);

/// <summary>A label with its score.</summary>
internal sealed record TeiPrediction(float Score, string Label);

/// <summary>A text in its place.</summary>
internal sealed record TeiRank(int Index, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Text, float Score);

/// <summary>A token; start and stop count Unicode code points, and special tokens have none.</summary>
internal sealed record TeiToken(int Id, string Text, bool Special, int? Start, int? Stop);

/// <summary>Answer of /info.</summary>
internal sealed record TeiInfo(string ModelId, string ModelSha, string ModelDtype, TeiModelType ModelType, int MaxConcurrentRequests, int MaxInputLength, int MaxBatchTokens, int? MaxBatchRequests, int MaxClientBatchSize,
    bool AutoTruncate, int TokenizationWorkers, string Version);

/// <summary>One of them is there.</summary>
internal sealed record TeiModelType([property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TeiEmbedding? Embedding, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TeiLabels? Classifier,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TeiLabels? Reranker);

/// <summary>How states become a vector.</summary>
internal sealed record TeiEmbedding(string Pooling);

/// <summary>Names of scores.</summary>
internal sealed record TeiLabels([property: JsonPropertyName("id2label")] IReadOnlyDictionary<string, string> Names, [property: JsonPropertyName("label2id")] IReadOnlyDictionary<string, int> Ids);

/// <summary>JSON of text-embeddings-inference.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TeiError))]
[JsonSerializable(typeof(TeiEmbed))]
[JsonSerializable(typeof(TeiTexts))]
[JsonSerializable(typeof(TeiSparse))]
[JsonSerializable(typeof(TeiPredict))]
[JsonSerializable(typeof(TeiRerank))]
[JsonSerializable(typeof(TeiSimilarity))]
[JsonSerializable(typeof(TeiTokenize))]
[JsonSerializable(typeof(TeiDecode))]
[JsonSerializable(typeof(TeiInfo))]
[JsonSerializable(typeof(float[]))]
[JsonSerializable(typeof(float[][]))]
[JsonSerializable(typeof(float[][][]))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(TeiWeight[][]))]
[JsonSerializable(typeof(TeiPrediction[]))]
[JsonSerializable(typeof(TeiPrediction[][]))]
[JsonSerializable(typeof(TeiRank[]))]
[JsonSerializable(typeof(TeiToken[][]))]
internal sealed partial class TeiJson : JsonSerializerContext;

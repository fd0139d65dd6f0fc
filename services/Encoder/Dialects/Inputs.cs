using System.Text.Json;
using System.Text.Json.Serialization;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>What is to be encoded: a string, a list of strings, a list of token ids or a list of such lists.</summary>
/// <param name="Texts">Empty where there are ids.</param>
/// <param name="Ids">Null where there are texts.</param>
/// <param name="IsOne">Sent without a list.</param>
[JsonConverter(typeof(Reader))]
internal sealed record Inputs(IReadOnlyList<string> Texts, IReadOnlyList<IReadOnlyList<int>>? Ids, bool IsOne)
{
    private const string Wanted = "a string, a list of strings, a list of token ids or a list of such lists is expected";

    /// <summary>Texts, or lists of ids.</summary>
    public int Count => Ids?.Count ?? Texts.Count;

    /// <summary>One of them has nothing in it.</summary>
    public bool HasEmpty => Ids?.Any(i => i.Count == 0) ?? Texts.Any(string.IsNullOrEmpty);

    /// <summary>A request for them.</summary>
    public EmbedRequest Request(string? model) => new(Texts, Model: model) { Ids = Ids };

    internal sealed class Reader : JsonConverter<Inputs>
    {
        public override Inputs Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.String)
            {
                return new Inputs([reader.GetString()!], null, true);
            }
            List<string> texts = [];
            List<IReadOnlyList<int>> ids = [];
            List<int> one = [];
            Next(ref reader, JsonTokenType.StartArray);
            while (reader.TokenType != JsonTokenType.EndArray)
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.String:
                        texts.Add(reader.GetString()!);
                        break;
                    case JsonTokenType.Number:
                        one.Add(Id(ref reader));
                        break;
                    default:
                        ids.Add(List(ref reader));
                        break;
                }
                _ = reader.Read();
            }
            return (texts.Count, one.Count, ids.Count) switch
            {
                (_, 0, 0) => new Inputs(texts, null, false),
                (0, > 0, 0) => new Inputs([], [one], true),
                (0, 0, > 0) => new Inputs([], ids, false),
                _ => throw new JsonException(Wanted),
            };
        }

        public override void Write(Utf8JsonWriter writer, Inputs value, JsonSerializerOptions options) => throw new NotSupportedException();

        private static List<int> List(ref Utf8JsonReader reader)
        {
            List<int> ids = [];
            Next(ref reader, JsonTokenType.StartArray);
            for (; reader.TokenType != JsonTokenType.EndArray; reader.Read())
            {
                ids.Add(Id(ref reader));
            }
            return ids;
        }

        private static void Next(ref Utf8JsonReader reader, JsonTokenType expected)
        {
            if (reader.TokenType != expected || !reader.Read())
            {
                throw new JsonException(Wanted);
            }
        }

        private static int Id(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int id) && id >= 0 ? id : throw new JsonException("a token id is a whole number from 0");
    }
}

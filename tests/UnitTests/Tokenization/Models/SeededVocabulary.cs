using System.Text;
using System.Text.Json.Nodes;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization.Models;

/// <summary>Small vocabularies and words over a few characters, some of them outside the basic plane: short enough that every kind of overlap comes up.</summary>
internal sealed class SeededVocabulary(int seed)
{
    private static readonly string[] Alphabet = ["a", "b", "c", "#", "é", "東", "\U0001F600", "\U0001F601"];
    private static readonly IReadOnlySet<int> Nowhere = new HashSet<int>();

    public Random Random { get; } = new(seed);

    /// <summary>A word of 0 to <paramref name="most"/> characters out of the first few of the alphabet.</summary>
    public string Word(int most, int letters = 8)
    {
        StringBuilder word = new();
        for (int length = Random.Next(most + 1); length > 0; length--)
        {
            word.Append(Alphabet[Random.Next(letters)]);
        }
        return word.ToString();
    }

    /// <summary>A model out of its part of a file.</summary>
    public static T Load<T>(Func<JsonNodeReader, IReadOnlySet<int>, T> read, JsonNode model) => read(Node(model.ToJsonString()), Nowhere);

    public static JsonNodeReader Node(string json) => new("small.json", "model", System.Text.Json.JsonDocument.Parse(json).RootElement);

    /// <summary>An object of token to id, each token once.</summary>
    public static JsonObject Ids(IEnumerable<string> tokens) => new(tokens.Distinct().Select((t, id) => KeyValuePair.Create(t, (JsonNode?)id)));

    /// <summary>What a model makes of a piece, to be compared and shown.</summary>
    public static string Tokens(Model model, string piece)
    {
        TokenBuffer sink = new();
        try
        {
            model.Tokenize(piece, 0, sink);
            return Show(Enumerable.Range(0, sink.Count).Select(i => (sink.Ids[i], sink.Starts[i], sink.Ends[i])));
        }
        catch (TokenizationException)
        {
            return "error";
        }
    }

    public static string Show(IEnumerable<(int Id, int Start, int End)> tokens) => string.Join(' ', tokens.Select(t => $"{t.Id}[{t.Start},{t.End}]"));
}

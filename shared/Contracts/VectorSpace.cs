using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Retrieval.Contracts;

/// <summary>
/// Everything that makes a stored vector what it is. Its hash is the id that collections keep; a vector of another space is refused with both ids.
/// What only concerns the query side (prompt, tier, student) is a variant admitted to the space, not another space.
/// </summary>
public sealed record VectorSpace
{
    /// <summary>SHA-256 of the model file with its external data, lower-case hex.</summary>
    public required string Weights { get; init; }

    /// <summary>SHA-256 of tokenizer.json, lower-case hex.</summary>
    public required string Tokenizer { get; init; }

    /// <summary>How a document's title and text become the encoded text; <c>{title}</c> and <c>{text}</c> are the places.</summary>
    public required string DocumentTemplate { get; init; }

    /// <summary>Tokens after which a text is cut, special tokens included.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Layer whose states are pooled, counted from 1; null is the last.</summary>
    public int? Layer { get; init; }

    /// <summary>Numbers in a vector.</summary>
    public required int Dimensions { get; init; }

    /// <summary>cls, mean, max, mean_sqrt_len, weightedmean or lasttoken; mean-official or mean-strict where an instruction is left out.</summary>
    public required string Pooling { get; init; }

    /// <summary>What follows pooling, in order; weights by their hash: <c>dense:{sha256}</c>, <c>normalize</c>.</summary>
    public required IReadOnlyList<string> PostProcessing { get; init; }

    /// <summary>Hash over every field: 32 hex digits. Equal ids mean comparable vectors.</summary>
    public string Id => Hash(); // Not kept: a copy made by "with" would carry the id of its source.

    /// <summary>Spaces are equal when their ids are.</summary>
    public bool Equals(VectorSpace? other) => other is not null && other.Id == Id;

    /// <inheritdoc/>
    public override int GetHashCode() => Id.GetHashCode(StringComparison.Ordinal);

    /// <summary>The part of every template that takes a document's fields.</summary>
    public const string TitleAndText = "{title} {text}";

    /// <summary>A document's title and text as they are handed to the encoder, which puts its document prompt before them.</summary>
    public static string Join(string? title, string text) => string.IsNullOrWhiteSpace(title) ? text : $"{title} {text}";

    /// <summary>Refuses vectors of another space.</summary>
    /// <exception cref="RetrievalException">SpaceMismatch, naming both ids.</exception>
    public static void Require(string expected, string actual, string what)
    {
        if (expected != actual)
        {
            throw new RetrievalException(ErrorKind.SpaceMismatch,
                $"{what} is in vector space {actual}, but the collection stores vectors of space {expected}.", "space", actual, expected,
                "Serve the model that the collection was created with, or create a new collection and index the documents again.");
        }
    }

    /// <summary>A value without line breaks, so that no two spaces have the same lines.</summary>
    private static string Line(string value) => JsonEncodedText.Encode(value).Value;

    // A fixed order of lines, so that the id does not depend on a serialiser.
    private string Hash()
    {
        string canonical = string.Join('\n', ["space/1", Line(Weights), Line(Tokenizer), Line(DocumentTemplate), $"{MaxTokens}", $"{Layer}",
            $"{Dimensions}", Line(Pooling), .. PostProcessing.Select(Line)]);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)).AsSpan(0, 16));
    }
}

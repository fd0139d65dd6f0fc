using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>What requests of text-embeddings-inference have in common.</summary>
internal static class TeiInput
{
    /// <summary>Texts with something in them.</summary>
    /// <exception cref="RetrievalException">Invalid: nothing is there.</exception>
    public static Inputs Required(Inputs? inputs, EncoderOptions options)
    {
        Inputs given = inputs ?? throw Missing("inputs");
        RequireCount(given.Count, options);
        return given.HasEmpty ? throw Empty("An input is empty.") : given;
    }

    /// <summary>Refuses none, and more than one request may have.</summary>
    public static void RequireCount(int count, EncoderOptions options)
    {
        if (count == 0)
        {
            throw Empty("There is no input.");
        }
        RequestTexts.RequireCount(count, options);
    }

    /// <summary>A field that the original wants.</summary>
    public static RetrievalException Missing(string field) => new(ErrorKind.Invalid, $"The body has no '{field}'.", DialectBody.Field);

    /// <summary>Left or Right.</summary>
    public static bool CutStart(string? direction) => direction?.ToUpperInvariant() switch
    {
        null or "RIGHT" => false,
        "LEFT" => true,
        _ => throw new RetrievalException(ErrorKind.Invalid, $"'{direction}' is no truncation direction: Left and Right are.", DialectBody.Field),
    };

    /// <summary>A request for vectors.</summary>
    public static EmbedRequest Request(TeiTexts texts, Inputs inputs, EncoderDescription model) =>
        InputTypes.Apply(inputs.Request(model.Model) with { Truncate = texts.Truncate ?? false, CutStart = CutStart(texts.TruncationDirection), PromptName = texts.PromptName }, model, null, "prompt_name");

    private static RetrievalException Empty(string detail) => new(ErrorKind.Invalid, detail, "inputs", TeiErrors.Nothing, help: "Leave empty texts out.");
}

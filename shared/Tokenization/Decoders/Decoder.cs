namespace Retrieval.Tokenization;

/// <summary>A decoder component: makes text of tokens, in steps. Immutable and thread-safe.</summary>
internal abstract class Decoder
{
    /// <summary>Takes the tokens, or what the step before made of them; what the last step returns is joined.</summary>
    public abstract List<string> Decode(List<string> tokens);
}

/// <summary>A decoder that looks at one token at a time.</summary>
/// <param name="decode">Takes a token, its index and the number of tokens.</param>
internal sealed class TokenDecoder(Func<string, int, int, string> decode) : Decoder
{
    public override List<string> Decode(List<string> tokens) => [.. tokens.Select((t, i) => decode(t, i, tokens.Count))];
}

/// <summary>One after the other.</summary>
internal sealed class DecoderSequence(IReadOnlyList<Decoder> steps) : Decoder
{
    public override List<string> Decode(List<string> tokens) => steps.Aggregate(tokens, (t, step) => step.Decode(t));
}

/// <summary>All tokens as one.</summary>
internal sealed class FuseDecoder : Decoder
{
    public override List<string> Decode(List<string> tokens) => [string.Concat(tokens)];
}

using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>Pairs and single texts for a model that reads both at once.</summary>
internal static class PairWork
{
    /// <summary>Work for the queue, a pair cut from the longer text first, as the reference does.</summary>
    /// <exception cref="RetrievalException">Invalid: a text is over the limit and may not be cut.</exception>
    public static TextWork[] Of(EncoderModel model, IReadOnlyList<TextPair> pairs, bool truncate, Side cut, CancellationToken cancellationToken)
    {
        int most = model.Description.Space.MaxTokens;
        EncodeOptions options = new() { Truncation = truncate ? new Truncation(most, Side: cut) : null };
        return [.. pairs.Select((pair, i) =>
        {
            Encoding tokens = model.Tokenizer.Encode(pair.Second is null ? EncodeInput.Text(pair.Text) : EncodeInput.Pair(pair.Text, pair.Second), options);
            return tokens.Ids.Length <= most ? new TextWork(tokens, false, 0, cancellationToken) : throw RequestTexts.TooLong(i, tokens.Ids.Length, most);
        })];
    }
}

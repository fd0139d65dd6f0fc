using System.Diagnostics;
using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>Pairs and single texts for a model that reads both at once.</summary>
internal static class PairWork
{
    /// <summary>Work for one of them; a pair is cut from the longer text first, as the reference does.</summary>
    /// <exception cref="RetrievalException">Invalid: it is over the limit and may not be cut.</exception>
    public static TextWork Of(EncoderModel model, ClassifyRequest request, int index, ActivityContext trace, CancellationToken cancellationToken)
    {
        int most = model.Description.Space.MaxTokens;
        TextPair pair = request.Texts[index];
        EncodeOptions options = new() { Truncation = request.Truncate ? new Truncation(most, Side: request.CutStart ? Side.Left : Side.Right) : null };
        Encoding tokens = model.Tokenizer.Encode(pair.Second is null ? EncodeInput.Text(pair.Text) : EncodeInput.Pair(pair.Text, pair.Second), options);
        return tokens.Ids.Length <= most ? new TextWork(tokens, false, 0, cancellationToken) { Trace = trace } : throw RequestTexts.TooLong(index, tokens.Ids.Length, most);
    }
}

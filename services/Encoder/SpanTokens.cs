using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>Which tokens of a text belong to its parts (<see cref="EmbedRequest.Spans"/>).</summary>
internal static class SpanTokens
{
    /// <summary>Refuses what cannot be pooled by parts.</summary>
    /// <exception cref="RetrievalException">Invalid.</exception>
    public static void Check(ServedModel served, EmbedRequest request)
    {
        if (request.Spans is not { } spans)
        {
            return;
        }
        EncoderDescription model = served.Description;
        served.Documents.Model.RequireTokens();
        if (request.Ids is not null || request.CutStart || request.Kind != InputKind.Document)
        {
            throw new RetrievalException(ErrorKind.Invalid, "Parts are of whole document texts.", "spans", null, help: "Leave out 'ids' and 'cutStart', and say that the texts are documents.");
        }
        if (model.Space.Pooling != "mean")
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Model {model.Model} pools by {model.Space.Pooling}: parts of a text have a vector only where the mean is pooled.", "spans", model.Space.Pooling, "mean", "Send the parts as texts.");
        }
        if (spans.Count != request.Texts.Count)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{spans.Count} lists of parts for {request.Texts.Count} texts.", "spans", $"{spans.Count}", $"{request.Texts.Count}");
        }
    }

    /// <summary>First token, and the one behind the last, of each part. A token belongs to the part that its last character is in.</summary>
    /// <param name="tokens">Of prompt and text, with special tokens.</param>
    /// <param name="prompt">Characters before the text.</param>
    /// <param name="length">Characters of the text.</param>
    /// <param name="spans">The parts.</param>
    /// <exception cref="RetrievalException">Invalid, for a part that is not in the text or has no token.</exception>
    public static IReadOnlyList<(int First, int End)> Of(Encoding tokens, int prompt, int length, IReadOnlyList<TextSpan> spans)
    {
        int first = 0, end = tokens.Ids.Length;
        while (first < end && (tokens.IsSpecial[first] || tokens.Ends[first] <= prompt))
        {
            first++;
        }
        while (end > first && tokens.IsSpecial[end - 1])
        {
            end--;
        }
        return [.. spans.Select(s => Of(s))];

        (int First, int End) Of(TextSpan span)
        {
            int from = first, to = end;
            while (from < end && tokens.Ends[from] - prompt <= span.Start)
            {
                from++;
            }
            while (to > from && tokens.Ends[to - 1] - prompt > span.End)
            {
                to--;
            }
            return span.Start < 0 || span.End > length || from >= to
                ? throw new RetrievalException(ErrorKind.Invalid, $"The part from {span.Start} to {span.End} of a text of {length} characters has no token.", "spans", $"{span.Start} to {span.End}", $"0 to {length}")
                : (span.Start == 0 ? 0 : from, span.End == length ? tokens.Ids.Length : to);
        }
    }
}

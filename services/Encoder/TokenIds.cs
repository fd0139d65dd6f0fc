using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>Texts that come as token ids of the model's own vocabulary.</summary>
internal static class TokenIds
{
    /// <summary>Ids between the special tokens that the model's template puts around a text; ids that begin and end with these already are taken as they are.</summary>
    /// <exception cref="RetrievalException">Invalid: an id is no token, or there are too many.</exception>
    public static Encoding Frame(EncoderModel model, string prompt, IReadOnlyList<int> ids, int index, EmbedRequest request)
    {
        if (ids.FirstOrDefault(id => model.Tokenizer.IdToToken(id) is null, -1) is >= 0 and var unknown)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Id {unknown} of text {index} is no token of model '{model.Name}'.", "ids", $"{unknown}", $"0 to {model.Tokenizer.VocabularySize - 1}",
                "Send ids of this model's tokenizer (POST /tokenize), or the text itself.");
        }
        (int[] before, int[] after) = Around(model.Tokenizer);
        bool framed = ids.Count >= before.Length + after.Length && ids.Take(before.Length).SequenceEqual(before) && ids.TakeLast(after.Length).SequenceEqual(after);
        int[] own = [.. prompt.Length == 0 ? [] : model.Tokenizer.Encode(prompt, false, null).Ids, .. framed ? ids.Skip(before.Length).Take(ids.Count - before.Length - after.Length) : ids];
        int room = model.Description.Space.MaxTokens - before.Length - after.Length;
        if (own.Length > room && !request.Truncate)
        {
            throw RequestTexts.TooLong(index, own.Length + before.Length + after.Length, model.Description.Space.MaxTokens);
        }
        own = own.Length <= room ? own : request.CutStart ? own[^room..] : own[..room];
        int[] all = [.. before, .. own, .. after];
        bool[] special = [.. all.Select((_, i) => i < before.Length || i >= before.Length + own.Length)];
        return new Encoding(all, new int[all.Length], new int[all.Length], new int[all.Length], special);
    }

    private static (int[] Before, int[] After) Around(Tokenizer tokenizer)
    {
        Encoding any = tokenizer.Encode("a", true, null);
        int before = Array.IndexOf(any.IsSpecial, false), last = Array.LastIndexOf(any.IsSpecial, false);
        return before < 0 ? (any.Ids, []) : (any.Ids[..before], any.Ids[(last + 1)..]);
    }
}

namespace Retrieval.Tokenization;

/// <summary>Repeated tokens count once, pads are dropped, and the word delimiter is a space.</summary>
internal sealed class CtcDecoder(string pad, string delimiter, bool cleanup) : Decoder
{
    public override List<string> Decode(List<string> tokens)
    {
        List<string> texts = [];
        string? last = null;
        foreach (string token in tokens)
        {
            if (token == last)
            {
                continue;
            }
            last = token;
            string text = token.Replace(pad, "", StringComparison.Ordinal);
            text = cleanup ? WordPieceDecoder.CleanUp(text).Replace(delimiter, " ", StringComparison.Ordinal) : text;
            if (text.Length > 0)
            {
                texts.Add(text);
            }
        }
        return texts;
    }
}

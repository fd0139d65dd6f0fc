namespace Retrieval.Tokenization;

/// <summary>The characters of all tokens as bytes of UTF-8; a token with a character that stands for no byte counts with its own UTF-8.</summary>
internal sealed class ByteLevelDecoder : Decoder
{
    public override List<string> Decode(List<string> tokens)
    {
        List<byte> bytes = [];
        foreach (string token in tokens)
        {
            int before = bytes.Count;
            foreach (char c in token)
            {
                if (ByteAlphabet.Byte(c) is >= 0 and int value)
                {
                    bytes.Add((byte)value);
                    continue;
                }
                bytes.RemoveRange(before, bytes.Count - before);
                bytes.AddRange(System.Text.Encoding.UTF8.GetBytes(token));
                break;
            }
        }
        // Ill-formed bytes become U+FFFD, one for each maximal part, in Rust and .NET alike (Unicode, section 3.9).
        return [System.Text.Encoding.UTF8.GetString([.. bytes])];
    }
}

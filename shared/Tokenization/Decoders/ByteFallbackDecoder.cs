using System.Globalization;
using System.Text.Unicode;

namespace Retrieval.Tokenization;

/// <summary>Tokens such as &lt;0x61&gt; in a row are bytes of UTF-8; where they are none, each becomes U+FFFD.</summary>
internal sealed class ByteFallbackDecoder : Decoder
{
    public override List<string> Decode(List<string> tokens)
    {
        List<string> texts = [];
        List<byte> bytes = [];
        foreach (string token in tokens)
        {
            if (Byte(token) is { } value)
            {
                bytes.Add(value);
                continue;
            }
            Flush(bytes, texts);
            texts.Add(token);
        }
        Flush(bytes, texts);
        return texts;
    }

    // As from_str_radix of Rust, which takes a plus sign.
    private static byte? Byte(string token)
    {
        if (token.Length != 6 || !token.StartsWith("<0x", StringComparison.Ordinal) || token[5] != '>')
        {
            return null;
        }
        ReadOnlySpan<char> digits = token[3] == '+' ? token.AsSpan(4, 1) : token.AsSpan(3, 2);
        return byte.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value) ? value : null;
    }

    private static void Flush(List<byte> bytes, List<string> texts)
    {
        byte[] all = [.. bytes];
        bytes.Clear();
        if (all.Length > 0)
        {
            texts.AddRange(Utf8.IsValid(all) ? [System.Text.Encoding.UTF8.GetString(all)] : Enumerable.Repeat("\uFFFD", all.Length));
        }
    }
}

using System.Globalization;
using System.Text;

namespace Retrieval.Host.Cli;

/// <summary>JSON strings that spell half a surrogate pair: the JSON reader of the platform refuses to return those.</summary>
internal static class JsonText
{
    /// <summary>The text of a valid JSON string with its quotes; halves of surrogate pairs stay as they are.</summary>
    public static string Unescape(string quoted)
    {
        StringBuilder text = new();
        for (int i = 1; i < quoted.Length - 1; i++)
        {
            if (quoted[i] != '\\')
            {
                text.Append(quoted[i]);
            }
            else if (quoted[++i] == 'u')
            {
                text.Append((char)int.Parse(quoted.AsSpan(i + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 4;
            }
            else
            {
                text.Append(quoted[i] switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', var c => c });
            }
        }
        return text.ToString();
    }
}

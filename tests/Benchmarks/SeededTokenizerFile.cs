using System.Text;
using System.Text.Json;

namespace Retrieval.Benchmarks;

/// <summary>tokenizer.json files as large as the largest that are published, by seed: words of syllables.</summary>
internal static class SeededTokenizerFile
{
    private static readonly string[] Syllables = ["ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu", "an", "er", "il", "on", "ur", "é", "ß", "東", "京", "я"];

    public static byte[] Unigram(int entries) => Write(json =>
    {
        json.WriteString("type", "Unigram");
        json.WriteNumber("unk_id", 0);
        json.WriteStartArray("vocab");
        int id = 0;
        foreach (string word in Words(entries - 1).Prepend("<unk>"))
        {
            json.WriteStartArray();
            json.WriteStringValue(word);
            json.WriteNumberValue(-Math.Log(2 + id++));
            json.WriteEndArray();
        }
        json.WriteEndArray();
    });

    public static byte[] WordPiece(int entries) => Write(json =>
    {
        json.WriteString("type", "WordPiece");
        WriteIds(json, Words(entries - 1).Select((w, i) => i % 2 == 0 ? w : "##" + w).Prepend("[UNK]"));
    });

    /// <summary>Every token longer than a byte is made by one merge of two earlier ones.</summary>
    public static byte[] ByteLevel(int entries)
    {
        Random random = new(42);
        List<string> tokens = [.. Enumerable.Range('!', 94).Concat(Enumerable.Range(0xA1, 12)).Concat(Enumerable.Range(0xAE, 82)).Concat(Enumerable.Range(0x100, 68)).Select(c => $"{(char)c}")];
        HashSet<string> known = [.. tokens];
        List<(string, string)> merges = [];
        while (tokens.Count < entries)
        {
            (string a, string b) = (tokens[random.Next(Math.Min(tokens.Count, 5000))], tokens[random.Next(tokens.Count)]);
            if (a.Length + b.Length < 16 && known.Add(a + b))
            {
                tokens.Add(a + b);
                merges.Add((a, b));
            }
        }
        return Write(json =>
        {
            json.WriteString("type", "BPE");
            WriteIds(json, tokens);
            json.WriteStartArray("merges");
            merges.ForEach(m => json.WriteStringValue($"{m.Item1} {m.Item2}"));
            json.WriteEndArray();
        });
    }

    private static void WriteIds(Utf8JsonWriter json, IEnumerable<string> tokens)
    {
        json.WriteStartObject("vocab");
        int id = 0;
        foreach (string token in tokens)
        {
            json.WriteNumber(token, id++);
        }
        json.WriteEndObject();
    }

    private static HashSet<string> Words(int count)
    {
        Random random = new(42);
        HashSet<string> words = [];
        StringBuilder word = new();
        while (words.Count < count)
        {
            word.Clear();
            for (int i = random.Next(1, 6); i > 0; i--)
            {
                word.Append(random.GetItems(Syllables, 1)[0]);
            }
            words.Add(word.ToString());
        }
        return words;
    }

    private static byte[] Write(Action<Utf8JsonWriter> model)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject("model");
            model(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }
}

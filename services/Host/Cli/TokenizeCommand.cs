using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Host.Cli;

/// <summary><c>retrieval tokenize</c>: a JSON string or {"text", "pair"} a line in, ids, tokens and offsets a line out.</summary>
internal static class TokenizeCommand
{
    private static readonly JsonWriterOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        Argument<string> path = new("tokenizer") { Description = "A tokenizer.json, a BERT vocab.txt, or the model folder that holds one" };
        Option<OffsetUnit> offsets = new("--offsets") { Description = "What offsets count: indexes of a .NET string, Unicode code points as in Python, or bytes of UTF-8", HelpName = "utf16|codepoints|utf8bytes", DefaultValueFactory = _ => OffsetUnit.Utf16 };
        Option<bool> bare = new("--no-special-tokens") { Description = "Leave out the special tokens that the model wants around a text" };
        Command command = new("tokenize", """Tokenize lines of standard input, each a JSON string or {"text", "pair"}; writes {"ids", "tokens", "offsets"} a line.""") { path, offsets, bare };
        HelpExamples.Add(command, "retrieval tokenize ./models/bge-small-en-v1.5 < questions.jsonl", "retrieval tokenize ./models/bge-small-en-v1.5/tokenizer.json --offsets codepoints < questions.jsonl");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            EncodeOptions options = new() { AddSpecialTokens = !parsed.GetValue(bare), Offsets = parsed.GetValue(offsets) };
            using StreamReader lines = new(Console.OpenStandardInput(), new UTF8Encoding(false, throwOnInvalidBytes: true));
            await using Stream output = Console.OpenStandardOutput();
            return await RunAsync(Load(parsed.GetRequiredValue(path)), options, lines, output, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(Tokenizer tokenizer, EncodeOptions options, StreamReader lines, Stream output, CancellationToken cancellationToken)
    {
        for (int number = 1; await NextAsync(lines, number, cancellationToken) is { } line; number++)
        {
            if (line.Length > 0)
            {
                await WriteAsync(output, Encode(tokenizer, options, line, number), cancellationToken);
            }
        }
        return ExitCodes.Success;
    }

    private static async Task WriteAsync(Stream output, Tokenization.Encoding encoding, CancellationToken cancellationToken)
    {
        await using (Utf8JsonWriter writer = new(output, s_readable))
        {
            Write(writer, encoding);
        }
        await output.WriteAsync("\n"u8.ToArray(), cancellationToken);
        await output.FlushAsync(cancellationToken);
    }

    private static void Write(Utf8JsonWriter writer, Tokenization.Encoding encoding)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("ids");
        foreach (int id in encoding.Ids)
        {
            writer.WriteNumberValue(id);
        }
        writer.WriteEndArray();
        writer.WriteStartArray("tokens");
        foreach (string token in encoding.Tokens)
        {
            writer.WriteStringValue(token);
        }
        writer.WriteEndArray();
        writer.WriteStartArray("offsets");
        for (int i = 0; i < encoding.Ids.Length; i++)
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(encoding.Starts[i]);
            writer.WriteNumberValue(encoding.Ends[i]);
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static Tokenization.Encoding Encode(Tokenizer tokenizer, EncodeOptions options, string line, int number)
    {
        try
        {
            return tokenizer.Encode(Input(line, number), options);
        }
        catch (TokenizationException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Line {number}: {e.Message}", $"line {number}");
        }
    }

    private static EncodeInput Input(string line, int number)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement json = document.RootElement;
            return json.ValueKind == JsonValueKind.String ? EncodeInput.Text(Text(json, number)) : Fields(json, number);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Wrong(number, line);
        }
    }

    private static EncodeInput Fields(JsonElement json, int number)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("text", out JsonElement text) || json.EnumerateObject().Any(p => p.Name is not ("text" or "pair")))
        {
            throw Wrong(number, json.GetRawText());
        }
        return json.TryGetProperty("pair", out JsonElement pair) && pair.ValueKind != JsonValueKind.Null ? EncodeInput.Pair(Text(text, number), Text(pair, number)) : EncodeInput.Text(Text(text, number));
    }

    // A half of a surrogate pair, which JSON can spell, becomes U+FFFD as in any encoder of the platform.
    private static string Text(JsonElement json, int number)
    {
        if (json.ValueKind != JsonValueKind.String)
        {
            throw Wrong(number, json.GetRawText());
        }
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return JsonText.Unescape(json.GetRawText());
        }
    }

    private static async Task<string?> NextAsync(StreamReader lines, int number, CancellationToken cancellationToken)
    {
        try
        {
            return await lines.ReadLineAsync(cancellationToken);
        }
        catch (DecoderFallbackException)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Line {number} or one soon after it is not UTF-8.", "stdin", help: "Give UTF-8.");
        }
    }

    private static RetrievalException Wrong(int number, string line) => new(ErrorKind.Invalid, $"Line {number} is neither a JSON string nor an object with text and pair.", $"line {number}",
        line.Length <= 60 ? line : line[..60] + "…", "a JSON string, or an object with text and pair", "Give one a line.");

    private static Tokenizer Load(string path)
    {
        if (!File.Exists(path) && !Directory.Exists(path))
        {
            throw new RetrievalException(ErrorKind.NotFound, $"There is no file or folder '{path}'.", "tokenizer", path, help: "Name a tokenizer.json or the folder that holds it.");
        }
        try
        {
            return Tokenizer.Load(path);
        }
        catch (TokenizerFormatException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, e.Message, "tokenizer", path);
        }
    }
}

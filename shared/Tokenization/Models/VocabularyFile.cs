using System.Runtime.InteropServices;
using System.Text.Json;

namespace Retrieval.Tokenization;

/// <summary>Reads vocabularies as they stand in the file, token by token into one array: a string for each of 250,000 would cost more than the rest.</summary>
internal sealed class VocabularyFile
{
    // Beyond this an id is a mistake, and a table of so many would be one as well.
    private const int IdsAToken = 8, SpareIds = 1 << 20;

    private readonly JsonNodeReader _node;
    private char[] _text;
    private int[] _starts = new int[1024], _lengths = new int[1024];
    private int _end, _limit;

    private VocabularyFile(JsonNodeReader node, int bytes)
    {
        // Each char of a token takes at least a byte of the file.
        (_node, _text) = (node, new char[bytes]);
        _lengths.AsSpan().Fill(-1);
    }

    /// <summary>An object of token to id.</summary>
    /// <param name="node">The vocabulary.</param>
    /// <param name="elsewhere">Ids that added tokens have: they may be missing here.</param>
    public static TokenTable ReadIds(JsonNodeReader node, IReadOnlySet<int> elsewhere)
    {
        if (node.Element.ValueKind != JsonValueKind.Object)
        {
            throw node.Wrong("expected an object of token to id");
        }
        ReadOnlySpan<byte> json = JsonMarshal.GetRawUtf8Value(node.Element);
        VocabularyFile file = new(node, json.Length);
        Utf8JsonReader reader = new(json);
        reader.Read();
        int count = 0;
        for (; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; count++)
        {
            int start = file._end, length = file.Append(ref reader);
            reader.Read();
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out int id) || id < 0)
            {
                throw file.At(start, length).Wrong("expected an id, an integer from 0");
            }
            file.Put(id, start, length, json.Length);
        }
        TokenTable table = file.Table();
        file.RefuseDoubles(table, count);
        RefuseHoles(node, table, elsewhere);
        return table;
    }

    /// <summary>A list of [token, score]; a token's id is its place.</summary>
    public static (TokenTable Tokens, double[] Scores) ReadScores(JsonNodeReader node)
    {
        if (node.Element.ValueKind != JsonValueKind.Array)
        {
            throw node.Wrong("expected a list of [token, score]");
        }
        ReadOnlySpan<byte> json = JsonMarshal.GetRawUtf8Value(node.Element);
        VocabularyFile file = new(node, json.Length);
        double[] scores = new double[node.Element.GetArrayLength()];
        Utf8JsonReader reader = new(json);
        reader.Read();
        for (int id = 0; id < scores.Length; id++)
        {
            reader.Read();
            int start = file._end, length = -1;
            bool isRight = reader.TokenType == JsonTokenType.StartArray && reader.Read() && reader.TokenType == JsonTokenType.String && (length = file.Append(ref reader)) >= 0
                && reader.Read() && reader.TokenType == JsonTokenType.Number && ReferenceNumber.TryParse(reader.ValueSpan, out scores[id])
                && reader.Read() && reader.TokenType == JsonTokenType.EndArray;
            if (!isRight)
            {
                throw node.Items().ElementAt(id).Wrong("expected [token, score]");
            }
            file.Put(id, start, length, json.Length);
        }
        return (file.Table(), scores);
    }

    private JsonNodeReader At(int start, int length) => _node[new string(_text, start, length)];

    private int Append(ref Utf8JsonReader reader)
    {
        try
        {
            int length = reader.CopyString(_text.AsSpan(_end));
            _end += length;
            return length;
        }
        catch (InvalidOperationException)
        {
            throw new TokenizerFormatException(_node.File, _node.Path, $"expected tokens that are Unicode text without half surrogate pairs, found {System.Text.Encoding.UTF8.GetString(reader.ValueSpan)}.");
        }
    }

    private void Put(int id, int start, int length, int bytes)
    {
        if (id >= _starts.Length)
        {
            // An entry takes at least five bytes of the file ("":0,).
            if (id > bytes / 5 * IdsAToken + SpareIds)
            {
                throw At(start, length).Wrong("expected ids about as high as there are tokens");
            }
            int known = _lengths.Length;
            Array.Resize(ref _starts, Math.Max(id + 1, known * 2));
            Array.Resize(ref _lengths, _starts.Length);
            _lengths.AsSpan(known).Fill(-1);
        }
        if (_lengths[id] >= 0 && !_text.AsSpan(_starts[id], _lengths[id]).SequenceEqual(_text.AsSpan(start, length)))
        {
            throw At(start, length).Wrong($"id {id} already stands for '{new string(_text, _starts[id], _lengths[id])}'; expected another id");
        }
        (_starts[id], _lengths[id]) = (start, length);
        _limit = Math.Max(_limit, id + 1);
    }

    private TokenTable Table() => new(_text[.._end], _starts[.._limit], _lengths[.._limit]);

    private void RefuseDoubles(TokenTable table, int count)
    {
        if (count == table.Count && !Enumerable.Range(0, table.Limit).Any(id => table.Has(id) && table.Find(table[id]) != id))
        {
            return;
        }
        foreach (int id in Enumerable.Range(0, table.Limit).Where(table.Has))
        {
            if (table.Find(table[id]) is int other && other != id)
            {
                throw At(table.Start(id), table.Length(id)).Wrong($"token '{table.Show(id)}' already has id {id}; expected it once");
            }
        }
    }

    private static void RefuseHoles(JsonNodeReader node, TokenTable table, IReadOnlySet<int> elsewhere)
    {
        for (int id = 0; id < table.Limit; id++)
        {
            if (!table.Has(id) && !elsewhere.Contains(id))
            {
                throw node.Wrong($"expected ids from 0 without holes, but {id} has no token, here or in added_tokens, and the highest is {table.Limit - 1}");
            }
        }
    }
}

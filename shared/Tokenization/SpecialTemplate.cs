namespace Retrieval.Tokenization;

/// <summary>What the post-processor puts around one text or a pair.</summary>
internal sealed class SpecialTemplate
{
    private readonly List<Piece> _single, _pair;

    private SpecialTemplate(List<Piece> single, List<Piece> pair) => (_single, _pair) = (single, pair);

    private readonly record struct Piece(int? Special, int Sequence, int Type);

    public static SpecialTemplate Read(JsonNodeReader node, Vocabulary vocabulary) => node.IsNull ? new SpecialTemplate([new(null, 0, 0)], [new(null, 0, 0), new(null, 1, 1)]) : node.Type switch
    {
        "BertProcessing" => Bert(Id(node["cls"], vocabulary), Id(node["sep"], vocabulary)),
        "TemplateProcessing" => new SpecialTemplate(Pieces(node, "single", vocabulary), Pieces(node, "pair", vocabulary)),
        _ => throw node.Unsupported("BertProcessing, TemplateProcessing"),
    };

    /// <summary>Special tokens around one text.</summary>
    public int SingleCount => _single.Count(p => p.Special is not null);

    /// <summary>One text, or a pair, with or without its special tokens.</summary>
    public Encoding Build(TokenList first, TokenList? second, bool addSpecial)
    {
        List<int> ids = [], types = [], starts = [], ends = [];
        List<bool> special = [];
        foreach (Piece piece in second is null ? _single : _pair)
        {
            if (piece.Special is { } id)
            {
                if (addSpecial)
                {
                    Add([id], [0], [0], piece.Type, true);
                }
            }
            else
            {
                TokenList tokens = piece.Sequence == 0 ? first : second!.Value;
                Add(tokens.Ids, tokens.Starts, tokens.Ends, piece.Type, false);
            }
        }
        return new Encoding([.. ids], [.. types], [.. starts], [.. ends], [.. special]);

        void Add(List<int> newIds, List<int> newStarts, List<int> newEnds, int type, bool isSpecial)
        {
            ids.AddRange(newIds);
            starts.AddRange(newStarts);
            ends.AddRange(newEnds);
            types.AddRange(Enumerable.Repeat(type, newIds.Count));
            special.AddRange(Enumerable.Repeat(isSpecial, newIds.Count));
        }
    }

    private static SpecialTemplate Bert(int cls, int sep)
    {
        Piece first = new(cls, 0, 0), end = new(sep, 0, 0), a = new(null, 0, 0);
        return new SpecialTemplate([first, a, end], [first, a, end, new(null, 1, 1), new(sep, 0, 1)]);
    }

    /// <summary>The id in a list of a token and its id.</summary>
    private static int Id(JsonNodeReader token, Vocabulary vocabulary) =>
        token.Items().ToArray() is [_, JsonNodeReader id] ? Known(id, vocabulary) : throw token.Wrong("expected a list of a token and its id");

    private static int Known(JsonNodeReader id, Vocabulary vocabulary) =>
        vocabulary.Token(id.Integer()) is null ? throw id.Wrong("expected an id of the vocabulary") : id.Integer();

    private static List<Piece> Pieces(JsonNodeReader template, string name, Vocabulary vocabulary)
    {
        List<Piece> pieces = [];
        foreach (JsonNodeReader item in template[name].Items())
        {
            if (!item["Sequence"].IsNull)
            {
                JsonNodeReader sequence = item["Sequence"];
                pieces.Add(new Piece(null, Sequence(sequence["id"], name), sequence["type_id"].Integer()));
            }
            else
            {
                JsonNodeReader special = item["SpecialToken"];
                foreach (JsonNodeReader id in template["special_tokens"][special["id"].String()]["ids"].Items())
                {
                    pieces.Add(new Piece(Known(id, vocabulary), 0, special["type_id"].Integer()));
                }
            }
        }
        return pieces;
    }

    private static int Sequence(JsonNodeReader id, string template) => id.String() switch
    {
        "A" => 0,
        "B" when template == "pair" => 1,
        _ => throw id.Wrong(template == "pair" ? "expected A or B" : "expected A"),
    };
}

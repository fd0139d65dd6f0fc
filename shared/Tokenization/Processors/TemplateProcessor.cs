namespace Retrieval.Tokenization;

/// <summary>TemplateProcessing: what is put where is written in the file, for one text and for a pair.</summary>
internal sealed class TemplateProcessor : PostProcessor
{
    private readonly List<Piece> _single, _pair;

    private TemplateProcessor(List<Piece> single, List<Piece> pair) => (_single, _pair) = (single, pair);

    /// <param name="Specials">The tokens to add; null for a text.</param>
    /// <param name="Sequence">Which text.</param>
    /// <param name="Type">Type id.</param>
    private sealed record Piece(SpecialToken[]? Specials, int Sequence, int Type);

    public static TemplateProcessor Read(JsonNodeReader node, Func<int, bool> isKnown) => new(Pieces(node, "single", isKnown), Pieces(node, "pair", isKnown));

    public override int Added(bool pair) => (pair ? _pair : _single).Sum(p => p.Specials?.Length ?? 0);

    public override List<Draft> Process(List<Draft> drafts, bool addSpecial, TokenSpaces spaces) => drafts.Count switch
    {
        1 => [.. _single.Where(p => addSpecial || p.Specials is null).Select(p => Fill(p, drafts))],
        2 => [.. _pair.Where(p => addSpecial || p.Specials is null).Select(p => Fill(p, drafts))],
        _ => throw new TokenizationException($"The file's post-processor has a TemplateProcessing after another, which is given {drafts.Count} parts and knows one text or a pair. Encode without special tokens, or one text at a time."),
    };

    private static Draft Fill(Piece piece, List<Draft> drafts) =>
        piece.Specials is { } specials ? new Draft([.. specials.Select(s => s.Row(piece.Type))], [])
        : piece.Sequence < drafts.Count ? drafts[piece.Sequence].WithType(piece.Type)
        : throw new TokenizationException("The file's post-processor has a template for one text that wants a second.");

    private static List<Piece> Pieces(JsonNodeReader template, string name, Func<int, bool> isKnown)
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
                pieces.Add(new Piece(Specials(template["special_tokens"][special["id"].String()], isKnown), 0, special["type_id"].Integer()));
            }
        }
        return pieces;
    }

    private static SpecialToken[] Specials(JsonNodeReader node, Func<int, bool> isKnown)
    {
        int[] ids = [.. node["ids"].Items().Select(id => SpecialToken.Known(id, isKnown))];
        string[] tokens = [.. node["tokens"].Items().Select(t => t.String())];
        return ids.Length == tokens.Length ? [.. ids.Zip(tokens, (id, text) => new SpecialToken(id, text))] : throw node["tokens"].Wrong($"expected {ids.Length} tokens, one for each id");
    }

    private static int Sequence(JsonNodeReader id, string template) => id.String() switch
    {
        "A" => 0,
        "B" when template == "pair" => 1,
        _ => throw id.Wrong(template == "pair" ? "expected A or B" : "expected A"),
    };
}

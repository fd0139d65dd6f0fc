namespace Retrieval.Tokenization;

/// <summary>A piece is a token or unknown.</summary>
internal sealed class WordLevelModel : Model
{
    private readonly TokenTable _tokens;
    private readonly string _unknownToken;
    private readonly int _unknown;

    private WordLevelModel(TokenTable tokens, string unknownToken) => (_tokens, _unknownToken, _unknown) = (tokens, unknownToken, tokens.Find(unknownToken));

    public static WordLevelModel Read(JsonNodeReader node, IReadOnlySet<int> elsewhere) =>
        new(VocabularyFile.ReadIds(node["vocab"], elsewhere), node["unk_token"].IsNull ? "<unk>" : node["unk_token"].String());

    public override int VocabularySize => _tokens.Count;

    public override int? TokenToId(ReadOnlySpan<char> token) => _tokens.Find(token) is >= 0 and int id ? id : null;

    public override string? IdToToken(int id) => _tokens.Show(id);

    public override void Tokenize(ReadOnlySpan<char> piece, int origin, TokenBuffer sink) =>
        sink.Add(_tokens.Find(piece) is >= 0 and int id ? id : _unknown >= 0 ? _unknown
            : throw new TokenizationException($"'{piece}' is not in the vocabulary, and neither is the unknown token '{_unknownToken}'. Add it to the vocabulary."), origin, piece.Length);
}

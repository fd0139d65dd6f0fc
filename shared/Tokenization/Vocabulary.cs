namespace Retrieval.Tokenization;

/// <summary>Tokens and ids; each id stands for one token.</summary>
internal sealed class Vocabulary
{
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> _tokens = [];

    public static Vocabulary Read(JsonNodeReader node)
    {
        Vocabulary vocabulary = new();
        foreach ((string token, JsonNodeReader id) in node.Members())
        {
            vocabulary.Add(token, id.Integer(), id);
        }
        int highest = vocabulary._tokens.Keys.DefaultIfEmpty(-1).Max();
        if (highest + 1 != vocabulary._tokens.Count)
        {
            int hole = Enumerable.Range(0, highest).First(id => !vocabulary._tokens.ContainsKey(id));
            throw node.Wrong($"expected ids from 0 without holes, but {hole} has no token and the highest is {highest}");
        }
        return vocabulary;
    }

    public int Count => _ids.Count;

    public IEnumerable<KeyValuePair<string, int>> Tokens => _ids;

    public int? Id(string token) => _ids.TryGetValue(token, out int id) ? id : null;

    public string? Token(int id) => _tokens.GetValueOrDefault(id);

    /// <summary>Adds a token; the same token with the same id may come again.</summary>
    public void Add(string token, int id, JsonNodeReader at)
    {
        if (id < 0)
        {
            throw at.Wrong($"expected an id from 0 for '{token}'");
        }
        if (_ids.TryGetValue(token, out int known) && known != id)
        {
            throw at.Wrong($"token '{token}' already has id {known}");
        }
        if (_tokens.TryGetValue(id, out string? other) && other != token)
        {
            throw at.Wrong($"id {id} already stands for '{other}'");
        }
        _ids[token] = id;
        _tokens[id] = token;
    }
}

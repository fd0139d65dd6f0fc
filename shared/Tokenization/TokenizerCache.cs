using System.Collections.Concurrent;

namespace Retrieval.Tokenization;

/// <summary>Tokenizers by the SHA-256 of their file, each loaded once. Roles share the encoder's own file and nothing else.</summary>
/// <param name="read">Fetches the file with that hash.</param>
public sealed class TokenizerCache(Func<string, CancellationToken, Task<byte[]>> read)
{
    private readonly ConcurrentDictionary<string, Tokenizer> _loaded = new(StringComparer.Ordinal);

    /// <summary>The tokenizer; two first callers may both load, one result stays.</summary>
    public async Task<Tokenizer> GetAsync(string hash, CancellationToken cancellationToken)
    {
        if (_loaded.TryGetValue(hash, out Tokenizer? tokenizer))
        {
            return tokenizer;
        }
        byte[] file = await read(hash, cancellationToken).ConfigureAwait(false);
        return _loaded.GetOrAdd(hash, Tokenizer.Parse(file, $"tokenizer {hash}"));
    }
}

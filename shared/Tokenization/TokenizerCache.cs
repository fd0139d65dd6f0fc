using System.Collections.Concurrent;

namespace Retrieval.Tokenization;

/// <summary>Tokenizers by the SHA-256 of their file, each loaded once. Roles share the encoder's own file and nothing else.</summary>
/// <param name="read">Fetches the file with that hash.</param>
public sealed class TokenizerCache(Func<string, CancellationToken, Task<byte[]>> read)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<Tokenizer>>> _loaded = new(StringComparer.Ordinal);

    /// <summary>The tokenizer; callers that come while it is loaded wait for the same load. A load that failed is tried again by the next caller.</summary>
    public async Task<Tokenizer> GetAsync(string hash, CancellationToken cancellationToken)
    {
        Lazy<Task<Tokenizer>> entry = _loaded.GetOrAdd(hash, h => new Lazy<Task<Tokenizer>>(() => LoadAsync(h)));
        try
        {
            return await entry.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch when (entry.Value.IsFaulted)
        {
            _loaded.TryRemove(KeyValuePair.Create(hash, entry));
            throw;
        }
    }

    // Not the first caller's token: others wait for the same load.
    private async Task<Tokenizer> LoadAsync(string hash) => Tokenizer.Parse(await read(hash, CancellationToken.None).ConfigureAwait(false), $"tokenizer {hash}");
}

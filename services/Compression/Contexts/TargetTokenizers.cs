using System.Collections.Concurrent;
using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.Compression;

/// <summary>Whose tokens a budget counts: a tokenizer of the settings by name, a served model by name, or the encoder that ranks.</summary>
internal sealed class TargetTokenizers(CompressionOptions options, IEncoder encoder, TokenizerCache served)
{
    private readonly ConcurrentDictionary<string, Tokenizer> _loaded = new(StringComparer.Ordinal);

    /// <summary>The tokenizer that counts.</summary>
    /// <exception cref="RetrievalException">Invalid: no such name, or its file cannot be read.</exception>
    public async Task<Tokenizer> GetAsync(string? name, EncoderDescription ranking, CancellationToken cancellationToken)
    {
        if (name is null || options.Tokenizers.FirstOrDefault(t => t.Name == name) is not { } own)
        {
            return await served.GetAsync(name is null ? ranking.Space.Tokenizer : await ServedAsync(name, cancellationToken), cancellationToken);
        }
        try
        {
            return _loaded.GetOrAdd(name, _ => Tokenizer.Load(own.Path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TokenizerFormatException)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The tokenizer '{name}' cannot be used: {e.Message}", "tokenizer", own.Path, help: "Name a tokenizer.json in Compression:Tokenizers.", inner: e);
        }
    }

    private async Task<string> ServedAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await encoder.DescribeAsync(name, cancellationToken)).Space.Tokenizer;
        }
        catch (RetrievalException e) when (e.Problem.Kind == ErrorKind.NotFound)
        {
            string[] known = [.. options.Tokenizers.Select(t => t.Name)];
            throw new RetrievalException(ErrorKind.Invalid, $"There is no tokenizer '{name}'.", "tokenizer", name, known.Length > 0 ? string.Join(", ", known) : null,
                $"Add its tokenizer.json to Compression:Tokenizers, or name a served model ({e.Problem.Limit}).", e);
        }
    }
}

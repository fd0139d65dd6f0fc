using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;

namespace Retrieval.Contracts;

/// <summary>Trains vector codecs. Two implementations: the Compression role in this process, and <see cref="HttpCodecTrainer"/>.</summary>
public interface ICodecTrainer
{
    /// <summary>A codec as it is serialised.</summary>
    /// <param name="codec">Kind, with the bytes of a code where it has the choice: <c>int8</c>, <c>opq+:96</c>.</param>
    /// <param name="sample">Rows of vectors, one after another.</param>
    /// <param name="dimensions">Numbers in a row.</param>
    /// <param name="seed">Equal seeds and samples give equal codecs.</param>
    /// <param name="cancellationToken">Ends the training.</param>
    /// <exception cref="RetrievalException">Invalid: an unknown kind, bytes that do not fit the dimensions, numbers that are not finite.</exception>
    Task<byte[]> TrainAsync(string codec, ReadOnlyMemory<float> sample, int dimensions, int seed, CancellationToken cancellationToken);
}

/// <summary>A Compression role in another process. The sample goes as raw float32, little-endian.</summary>
/// <param name="client">Its BaseAddress is the role's URL.</param>
public sealed class HttpCodecTrainer(HttpClient client) : ICodecTrainer
{
    /// <summary>Route of the role.</summary>
    public const string Route = "/internal/codecs/train";

    /// <inheritdoc/>
    public async Task<byte[]> TrainAsync(string codec, ReadOnlyMemory<float> sample, int dimensions, int seed, CancellationToken cancellationToken)
    {
        string query = string.Create(CultureInfo.InvariantCulture, $"{Route}?codec={Uri.EscapeDataString(codec)}&dimensions={dimensions}&seed={seed}");
        using HttpRequestMessage message = new(HttpMethod.Post, query) { Content = new ByteArrayContent(MemoryMarshal.AsBytes(sample.Span).ToArray()) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using HttpResponseMessage response = await ProblemBody.SendAsync(client, message, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
    }
}

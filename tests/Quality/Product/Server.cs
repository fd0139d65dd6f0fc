using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.Gateway;
using Retrieval.Host;
using Retrieval.Host.Cli;
using Retrieval.Quality.Data;
using Retrieval.Storage;
using Retrieval.Tokenization;

[assembly: AssemblyFixture(typeof(Retrieval.Quality.Product.Server))]

namespace Retrieval.Quality.Product;

/// <summary>The whole product on default settings in a folder of its own, started by the first test that needs it; a collection for each set.</summary>
public sealed class Server : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("retrieval-quality-").FullName;
    private readonly Dictionary<string, EvaluationSet> _indexed = [];
    private WebApplication? _app;
    private RetrievalClient? _client;
    private RememberingEncoder? _encoder;
    private Settings? _settings;

    /// <summary>The public API.</summary>
    internal RetrievalClient Client => _client!;

    /// <summary>The pipeline behind the search endpoint, with an encoder that remembers.</summary>
    /// <param name="fusion">Null: as it ships.</param>
    internal QueryPipeline Pipeline(FusionOptions? fusion = null)
    {
        IServiceProvider services = _app!.Services;
        GatewayOptions options = fusion is null ? _settings!.Gateway : new GatewayOptions { Fusion = fusion };
        return new QueryPipeline(services.GetRequiredService<Catalog>(), services.GetRequiredService<EmbeddedIndex>(), _encoder!, Compressor(), options, TimeProvider.System);
    }

    /// <summary>The compressor behind it.</summary>
    internal ContextCompressor Compressor()
    {
        TokenizerCache tokenizers = _app!.Services.GetRequiredService<TokenizerCache>();
        return new ContextCompressor(_encoder!, new Relevance(_encoder!, tokenizers), new TargetTokenizers(_settings!.Compression, _encoder!, tokenizers), _settings.Compression, NullLogger<ContextCompressor>.Instance);
    }

    /// <summary>The encoder that remembers.</summary>
    internal IEncoder Encoder => _encoder!;

    /// <summary>Its tokenizer.</summary>
    internal Tokenizer Tokenizer { get; } = Tokenizer.Load(Tests.Data.TestData.DefaultModel);

    /// <summary>A set, indexed over the API into the collection of its name.</summary>
    internal async Task<EvaluationSet> IndexAsync(string name, CancellationToken cancellationToken)
    {
        if (!_indexed.TryGetValue(name, out EvaluationSet? set))
        {
            set = EvaluationSet.Load(name);
            await StartAsync(cancellationToken);
            await IndexAsync(set, cancellationToken);
            _indexed[name] = set;
        }
        return set;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            _client!.Dispose();
            await _app.StopAsync(CancellationToken.None);
            await _app.DisposeAsync();
        }
        Directory.Delete(_folder, true);
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_app is not null)
        {
            return;
        }
        _settings = Settings.Load([new("Storage:Folder", _folder), new("Urls", "http://127.0.0.1:0"), new("Encoder:Provider", "cpu")]);
        _app = await RetrievalHost.CreateAsync(_settings, cancellationToken);
        await RetrievalHost.StartAsync(_app, _settings, cancellationToken);
        (await _app.Services.GetRequiredService<Readiness>().WaitAsync(cancellationToken)).ShouldBeTrue();
        _client = new RetrievalClient(new HttpClient { BaseAddress = new Uri(_app.Urls.First()), Timeout = Timeout.InfiniteTimeSpan });
        _encoder = new RememberingEncoder(_app.Services.GetRequiredService<IEncoder>());
    }

    private async Task IndexAsync(EvaluationSet set, CancellationToken cancellationToken)
    {
        await Client.PutCollectionAsync(set.Name, cancellationToken);
        // Cranfield has two abstracts without a word, which the API refuses.
        IEnumerable<string> lines = set.Corpus.Where(p => !string.IsNullOrWhiteSpace(p.Text)).Select(p => JsonSerializer.Serialize(new { id = p.Id, title = p.Title, text = p.Text }));
        await foreach (BulkVerdict verdict in Client.BulkAsync(set.Name, lines, cancellationToken))
        {
            verdict.Status.ShouldBe(DocumentStatus.Indexed, verdict.Error);
        }
    }
}

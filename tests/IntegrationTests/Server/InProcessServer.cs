using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Host;

namespace Retrieval.IntegrationTests.Server;

/// <summary>Every role behind a real loopback port inside the test's process; one for the tests of a class, each of which takes a collection of its own.</summary>
public class InProcessServer : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private WebApplication _app = null!;

    internal ApiClient Api { get; private set; } = null!;

    internal IServiceProvider Services => _app.Services;

    internal Uri Address => new(_app.Urls.First());

    /// <summary>Settings beside folder and address.</summary>
    protected virtual IEnumerable<KeyValuePair<string, string?>> More => [];

    /// <summary>What is there before the first test.</summary>
    protected virtual Task FillAsync() => Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        Settings settings = Settings.Load([new("Storage:Folder", _folder["data"]), new("Urls", "http://127.0.0.1:0"), .. More]);
        _app = await RetrievalHost.CreateAsync(settings, TestContext.Current.CancellationToken);
        await RetrievalHost.StartAsync(_app, settings, TestContext.Current.CancellationToken);
        (await _app.Services.GetRequiredService<Readiness>().WaitAsync(TestContext.Current.CancellationToken)).ShouldBeTrue();
        Api = new ApiClient(new Uri(_app.Urls.First()));
        await FillAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Api?.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _folder.Dispose();
    }
}

using System.Diagnostics;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Storage;

namespace Retrieval.Host;

/// <summary>Loads the index and makes the encoder answer once; until then /readyz is red and the API says 503.</summary>
internal sealed class Readiness(IServiceProvider services, Settings settings, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Readiness> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string[] _waiting = ["start"];
    private volatile string? _broken;

    /// <summary>What is still missing; empty when ready.</summary>
    public IReadOnlyList<string> Waiting => _waiting;

    /// <summary>Why it will not be ready any more; null: it is or will be.</summary>
    public string? Broken => _broken;

    /// <summary>Models that could not be loaded, each with the reason; the others answer.</summary>
    public IReadOnlyList<string>? FailedModels => services.GetService<LocalEncoder>()?.Failures is { Count: > 0 } failures ? failures : null;

    /// <summary>Not ready from now on.</summary>
    public void Break(string reason) => _broken = reason;

    /// <summary>Why the start failed, if it did.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>True when ready, false when the start failed.</summary>
    public Task<bool> WaitAsync(CancellationToken cancellationToken) => _done.Task.WaitAsync(cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            _waiting = settings.HasCatalog ? ["index", "encoder"] : ["encoder"];
            if (settings.HasCatalog)
            {
                await services.GetRequiredService<EmbeddedIndex>().StartAsync(stoppingToken);
                _waiting = ["encoder"];
            }
            await FirstAnswerAsync(services.GetRequiredService<IEncoder>(), stoppingToken);
            _waiting = [];
            _done.SetResult(true);
            Log.Ready(logger, (time.GetUtcNow() - Process.GetCurrentProcess().StartTime.ToUniversalTime()).TotalMilliseconds);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Failure = e;
            Log.StartFailed(logger, e.Message);
            Environment.ExitCode = 1;
            _done.SetResult(false);
            lifetime.StopApplication();
        }
    }

    /// <summary>A role in another process may come later than this one: wait for it, and say so once.</summary>
    private async Task FirstAnswerAsync(IEncoder encoder, CancellationToken cancellationToken)
    {
        for (bool said = false; ; said = true)
        {
            try
            {
                // A process may have nothing but cross-encoders and the like, which have loaded when they are listed.
                if ((await encoder.ListAsync(cancellationToken)).Any(m => m.Kind == ModelKind.Embedding))
                {
                    await encoder.EmbedAsync(new EmbedRequest(["ready?"]), cancellationToken);
                }
                return;
            }
            catch (RetrievalException e) when (e.Problem.Kind.IsTransient() && !settings.Roles.Contains(Role.Encoder))
            {
                if (!said)
                {
                    Log.WaitingForRole(logger, Role.Encoder, settings.Peers[Role.Encoder].Urls[0], e.Message);
                }
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }
}

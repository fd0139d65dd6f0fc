using System.Net.Sockets;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;
using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Gateway;
using Retrieval.Ingestion;
using Retrieval.Storage;
using Retrieval.Tokenization;

namespace Retrieval.Host;

/// <summary>The composition root: the only file that knows whether a role is in this process or elsewhere.</summary>
public static class RetrievalHost
{
    /// <summary>Opens the data folder, loads the models and wires the roles. What is wrong with either is thrown here, before anything listens.</summary>
    public static async Task<WebApplication> CreateAsync(Settings settings, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddConfiguration(settings.Configuration);
        builder.WebHost.UseUrls(settings.Urls);
        builder.WebHost.ConfigureKestrel(Limit);
        Logging(builder.Logging);
        IServiceCollection services = builder.Services;
        services.AddSingleton(settings).AddSingleton(TimeProvider.System);
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, WireJson.Strict);
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict; // numbers are numbers, and OpenAPI says so
        });
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(30));

        await AddStorageAsync(services, settings, cancellationToken);
        AddEncoder(services, settings);
        services.AddSingleton(provider => new TokenizerCache(provider.GetRequiredService<ITokenizerFiles>().ReadTokenizerAsync));
        AddCompression(services, settings);
        if (settings.Roles.Contains(Role.Ingestion))
        {
            services.AddIngestion(settings.Ingestion, settings.Queue);
        }
        if (settings.Roles.Contains(Role.Gateway))
        {
            services.AddGateway(settings.Gateway);
        }
        services.AddSingleton<MetricStore>().AddSingleton<Readiness>().AddHostedService(provider => provider.GetRequiredService<Readiness>());
        return await BuildAsync(builder, settings);
    }

    /// <summary>Starts listening; an address that is taken is an error that says so.</summary>
    public static async Task StartAsync(WebApplication app, Settings settings, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            throw new RetrievalException(ErrorKind.Conflict, $"The address {settings.Urls} is in use by another program.", "urls", settings.Urls, "a free port",
                "Choose another one: --urls http://localhost:8081", e);
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The address {settings.Urls} cannot be listened on: {e.GetBaseException().Message}", "urls", settings.Urls, "an http address of this machine",
                "Choose another one: --urls http://localhost:8080", e);
        }
    }

    private static async Task<WebApplication> BuildAsync(WebApplicationBuilder builder, Settings settings)
    {
        WebApplication app = builder.Build();
        try
        {
            app.Services.GetService<Catalog>(); // the container owns it from here, and lets the folder go when the start fails below
            app.Services.GetService<IEncoder>(); // loads the models, so that a wrong one stops the start
            return Map(app, settings);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    private static WebApplication Map(WebApplication app, Settings settings)
    {
        app.UseProblems();
        app.UseHealth();
        app.MapMetrics();
        if (settings.Roles.Contains(Role.Gateway))
        {
            app.MapGateway(settings.Dapr);
        }
        if (settings.Roles.Contains(Role.Gateway) && app.Services.GetService<Forwarder>() is { } forwarder)
        {
            DialectRoutes.MapForwarded(app, forwarder);
        }
        if (settings.Roles.Contains(Role.Encoder))
        {
            app.MapEncoder();
        }
        if (settings.Roles.Contains(Role.Compression))
        {
            app.MapCompression();
        }
        return app;
    }

    private static async Task AddStorageAsync(IServiceCollection services, Settings settings, CancellationToken cancellationToken)
    {
        if (settings.HasCatalog)
        {
            DataFolder folder = DataFolder.Open(settings.Storage.Folder);
            Catalog catalog = await OpenAsync(folder, cancellationToken);
            // By factory, so that the container disposes them, and in the reverse order: index, catalog, lock.
            services.AddSingleton(_ => folder).AddSingleton(provider => { _ = provider.GetRequiredService<DataFolder>(); return catalog; }).AddSingleton(settings.Storage.Index).AddSingleton<EmbeddedIndex>();
            services.AddSingleton<JobProgress>().AddSingleton(_ => new ChangeIntake(catalog, settings.Gateway.MaxOpenJobs));
        }
    }

    /// <summary>A folder whose catalog cannot be opened is let go again.</summary>
    private static async Task<Catalog> OpenAsync(DataFolder folder, CancellationToken cancellationToken)
    {
        try
        {
            return await Catalog.OpenAsync(folder, TimeProvider.System, cancellationToken);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    private static void AddEncoder(IServiceCollection services, Settings settings)
    {
        if (settings.Roles.Contains(Role.Encoder))
        {
            services.AddEncoder(settings.Encoder).AddHostedService<EncoderWatch>();
        }
        else if (PeerUrl(settings, Role.Encoder) is { } url)
        {
            HttpClient client = PeerClient.Usual(url);
            services.AddSingleton(_ => new Forwarder(client.BaseAddress!));
            services.AddSingleton(_ => new HttpEncoder(client)).AddSingleton<IEncoder>(p => p.GetRequiredService<HttpEncoder>()).AddSingleton<ITokenizerFiles>(p => p.GetRequiredService<HttpEncoder>());
        }
    }

    private static void AddCompression(IServiceCollection services, Settings settings)
    {
        if (settings.Roles.Contains(Role.Compression))
        {
            services.AddCompression(settings.Compression);
        }
        else if (PeerUrl(settings, Role.Compression) is { } url)
        {
            HttpClient codecs = PeerClient.Patient(url);
            services.AddSingleton<ICompressor>(_ => new HttpCompressor(PeerClient.Usual(url))).AddSingleton<ICodecTrainer>(_ => new HttpCodecTrainer(codecs))
                .AddSingleton<ICodecService>(_ => new HttpCodecService(codecs));
        }
    }

    private static string? PeerUrl(Settings settings, Role role) => settings.Peers.TryGetValue(role, out PeerOptions? peer) && peer.Urls.Count > 0 ? peer.Urls[0] : null;

    private static void Limit(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
    }

    /// <summary>Throws what ended a background service before its time, and the process with it.</summary>
    public static void ThrowIfBroken(WebApplication app)
    {
        IEnumerable<Exception?> failures = app.Services.GetServices<IHostedService>().OfType<BackgroundService>().Select(s => s.ExecuteTask).Where(t => t?.IsFaulted == true).Select(t => t!.Exception);
        if (failures.FirstOrDefault()?.GetBaseException() is { } failure)
        {
            throw Known(failure);
        }
    }

    /// <summary>A failure as the one exception that carries an error to a caller.</summary>
    internal static RetrievalException Known(Exception failure) => failure as RetrievalException ?? new RetrievalException(ErrorKind.Internal, $"{failure.GetType().Name}: {failure.Message}", inner: failure);

    // To standard error: standard output is for answers. What the generic host logs of a failed start is said by StartAsync and ThrowIfBroken, what MassTransit logs of its broker by Ingestion, both without stack traces.
    private static void Logging(ILoggingBuilder logging) => logging.ClearProviders().SetMinimumLevel(LogLevel.Warning).AddFilter("Retrieval", LogLevel.Information)
        .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None).AddFilter("MassTransit", LogLevel.Critical)
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace)
        .AddSimpleConsole(format => { format.SingleLine = true; format.ColorBehavior = LoggerColorBehavior.Disabled; format.TimestampFormat = "HH:mm:ss "; });
}

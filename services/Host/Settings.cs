using Microsoft.Extensions.Configuration;
using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Gateway;
using Retrieval.Ingestion;

namespace Retrieval.Host;

/// <summary>Every setting of a process, read and checked once. Sources, the later wins: appsettings.json beside the program or in the working directory, the stores of a Dapr sidecar, environment (<c>RETRIEVAL__Section__Key</c>), flags (<c>--Section:Key value</c>).</summary>
public sealed record Settings
{
    /// <summary>Roles that run in this process; default all.</summary>
    public required IReadOnlySet<Role> Roles { get; init; }
    /// <summary>Where the other roles are.</summary>
    public required IReadOnlyDictionary<Role, PeerOptions> Peers { get; init; }
    /// <summary>Section Gateway.</summary>
    public required GatewayOptions Gateway { get; init; }
    /// <summary>Section Ingestion.</summary>
    public required IngestionOptions Ingestion { get; init; }
    /// <summary>Section Encoder.</summary>
    public required EncoderOptions Encoder { get; init; }
    /// <summary>Section Compression.</summary>
    public required CompressionOptions Compression { get; init; }
    /// <summary>Section Storage.</summary>
    public required StorageOptions Storage { get; init; }
    /// <summary>Section Queue.</summary>
    public required QueueOptions Queue { get; init; }
    /// <summary>Section Dapr.</summary>
    public required DaprOptions Dapr { get; init; }
    /// <summary>Addresses to listen on.</summary>
    public required string Urls { get; init; }
    /// <summary>The raw configuration, for the framework's own sections.</summary>
    public required IConfiguration Configuration { get; init; }

    /// <summary>Where people look first.</summary>
    public const string DefaultUrls = "http://localhost:8080";

    /// <summary>True when the process keeps a catalog.</summary>
    public bool HasCatalog => Roles.Contains(Role.Gateway) || Roles.Contains(Role.Ingestion);

    /// <summary>Reads and checks everything; all errors are in one message.</summary>
    /// <param name="flags">Values from the command line by their full key.</param>
    public static Settings Load(IEnumerable<KeyValuePair<string, string?>> flags)
    {
        IConfiguration configuration = Sources(flags);
        SettingsReader reader = new(configuration);
        Settings settings = new()
        {
            Roles = reader.Roles(),
            Peers = reader.Peers(),
            Gateway = reader.Section<GatewayOptions>("Gateway"),
            Ingestion = reader.Section<IngestionOptions>("Ingestion"),
            Encoder = reader.Section<EncoderOptions>("Encoder"),
            Compression = reader.Section<CompressionOptions>("Compression"),
            Storage = reader.Section<StorageOptions>("Storage"),
            Queue = reader.Section<QueueOptions>("Queue"),
            Dapr = reader.Section<DaprOptions>("Dapr"),
            Urls = configuration["Urls"] ?? DefaultUrls,
            Configuration = configuration,
        };
        reader.ThrowIfWrong(settings);
        return settings;
    }

    /// <summary>Where the stores are. A value of the wrong type is told with all others, when everything is read.</summary>
    private static DaprOptions SidecarOf(IConfiguration configuration)
    {
        try
        {
            return configuration.GetSection("Dapr").Get<DaprOptions>() ?? new DaprOptions();
        }
        catch (InvalidOperationException)
        {
            return new DaprOptions();
        }
    }

    private static IConfigurationRoot Sources(IEnumerable<KeyValuePair<string, string?>> flags)
    {
        try
        {
            ConfigurationBuilder files = new();
            files.AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true)
                .AddJsonFile(Path.Combine(Directory.GetCurrentDirectory(), "appsettings.json"), optional: true);
            List<KeyValuePair<string, string?>> given = [.. flags];
            IConfiguration first = new ConfigurationBuilder().AddConfiguration(files.Build()).AddEnvironmentVariables("RETRIEVAL__").AddInMemoryCollection(given).Build();
            return files.AddInMemoryCollection(DaprStores.Read(SidecarOf(first))).AddEnvironmentVariables("RETRIEVAL__").AddInMemoryCollection(given).Build();
        }
        catch (InvalidDataException e) // its message names the file, the innermost one the place
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{e.Message} {e.GetBaseException().Message}", "appsettings.json", help: "Correct the file, or move it away.", inner: e);
        }
    }
}

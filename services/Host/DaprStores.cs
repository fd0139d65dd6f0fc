using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.Host;

/// <summary>
/// Settings from the stores of a Dapr sidecar, over its HTTP API: <c>GET /v1.0/configuration/{store}</c> and <c>GET /v1.0/secrets/{store}/bulk</c>. Only what is named like a setting is taken,
/// <c>RETRIEVAL__Queue__Url</c> or, where a store takes no underscores, <c>retrieval--queue--url</c>: the stores may belong to others too.
/// </summary>
internal static class DaprStores
{
    private static readonly string[] Prefixes = ["RETRIEVAL__", "RETRIEVAL--"];
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Nothing without an address. Secrets come last, so that they win.</summary>
    /// <exception cref="RetrievalException">Unavailable: the sidecar or a store does not answer.</exception>
    public static IReadOnlyDictionary<string, string?> Read(DaprOptions dapr)
    {
        Dictionary<string, string?> settings = new(StringComparer.OrdinalIgnoreCase);
        if (dapr.Address is null || !Uri.TryCreate(dapr.Address, UriKind.Absolute, out Uri? address) || (dapr.SecretStore ?? dapr.ConfigurationStore) is null)
        {
            return settings;
        }
        using HttpClient http = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(dapr.WaitSeconds) };
        if (dapr.ApiToken is not null)
        {
            http.DefaultRequestHeaders.Add("dapr-api-token", dapr.ApiToken);
        }
        foreach ((string key, string? value) in Configuration(http, dapr).Concat(Secrets(http, dapr)))
        {
            settings[key] = value;
        }
        return settings;
    }

    /// <summary>{ "name": { "value": "…", "version": "…" } }</summary>
    private static IEnumerable<KeyValuePair<string, string?>> Configuration(HttpClient http, DaprOptions dapr) => dapr.ConfigurationStore is not { } store ? []
        : Get(http, $"/v1.0/configuration/{Uri.EscapeDataString(store)}", dapr).EnumerateObject()
            .Where(item => item.Value.ValueKind == JsonValueKind.Object && item.Value.TryGetProperty("value", out _)).SelectMany(item => Setting(item.Name, item.Value.GetProperty("value").GetString()));

    /// <summary>{ "name": { "key": "value" } }; a store with one value a secret names the key like the secret.</summary>
    private static IEnumerable<KeyValuePair<string, string?>> Secrets(HttpClient http, DaprOptions dapr) => dapr.SecretStore is not { } store ? []
        : Get(http, $"/v1.0/secrets/{Uri.EscapeDataString(store)}/bulk", dapr).EnumerateObject()
            .SelectMany(secret => secret.Value.EnumerateObject().SelectMany(key => Setting(key.Name, key.Value.GetString())));

    private static IEnumerable<KeyValuePair<string, string?>> Setting(string name, string? value) =>
        Array.Find(Prefixes, p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase)) is { } prefix
            ? [new(name[prefix.Length..].Replace(prefix[^2..], ":", StringComparison.Ordinal), value)] : [];

    /// <summary>The sidecar may start later than the program that it belongs to: waits for it.</summary>
    private static JsonElement Get(HttpClient http, string path, DaprOptions dapr)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            string reason;
            try
            {
                using HttpResponseMessage answer = http.Send(new HttpRequestMessage(HttpMethod.Get, path));
                if (answer.IsSuccessStatusCode)
                {
                    using Stream body = answer.Content.ReadAsStream();
                    return JsonDocument.Parse(body).RootElement;
                }
                reason = $"{(int)answer.StatusCode} {answer.ReasonPhrase}";
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException)
            {
                reason = e.Message;
            }
            if (TimeProvider.System.GetElapsedTime(began).TotalSeconds > dapr.WaitSeconds)
            {
                throw new RetrievalException(ErrorKind.Unavailable, $"Dapr's sidecar does not answer GET {new Uri(http.BaseAddress!, path)}: {reason}", "Dapr:Address", dapr.Address, $"{dapr.WaitSeconds} s (Dapr:WaitSeconds)",
                    "Start the sidecar with this store, correct the settings, or leave Dapr:Address out.");
            }
            Task.Delay(Pause).GetAwaiter().GetResult(); // settings are read before anything runs
        }
    }
}

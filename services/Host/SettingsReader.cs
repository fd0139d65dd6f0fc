using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Retrieval.Contracts;

namespace Retrieval.Host;

/// <summary>Configuration to options: unknown keys, wrong types and values out of range, all collected before anything stops.</summary>
internal sealed class SettingsReader(IConfiguration configuration)
{
    // Sections and keys of the framework that people may set beside ours.
    private static readonly string[] Sections = ["Roles", "Peers", "Gateway", "Ingestion", "Encoder", "Compression", "Storage", "Queue", "Dapr"], Framework = ["Urls", "Logging", "Kestrel", "AllowedHosts"];
    private readonly List<string> _errors = [];

    public T Section<T>(string name) where T : class, new() => Read<T>(configuration.GetSection(name));

    public IReadOnlySet<Role> Roles()
    {
        IConfigurationSection section = configuration.GetSection("Roles");
        IEnumerable<string> names = section.Value?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? section.GetChildren().Select(c => c.Value ?? "");
        HashSet<Role> roles = [.. names.Select(n => Role("Roles", n)).OfType<Role>()];
        return roles.Count > 0 ? roles : [.. Enum.GetValues<Role>()];
    }

    public IReadOnlyDictionary<Role, PeerOptions> Peers()
    {
        Dictionary<Role, PeerOptions> peers = [];
        foreach (IConfigurationSection section in configuration.GetSection("Peers").GetChildren())
        {
            if (Role("Peers", section.Key) is { } role)
            {
                peers[role] = Read<PeerOptions>(section);
            }
        }
        return peers;
    }

    /// <summary>What only shows when everything was read.</summary>
    public void ThrowIfWrong(Settings settings)
    {
        foreach (string key in configuration.GetChildren().Select(c => c.Key).Where(k => !Known(k)))
        {
            _errors.Add($"'{key}' is not a section. {Nearest.Suggest(key, Sections)}Known: {string.Join(", ", Sections)}.");
        }
        foreach (string url in settings.Urls.Split(';').Where(u => !IsAddress(u)))
        {
            _errors.Add($"Urls has '{url}', which is not an http or https address. Write it like {Settings.DefaultUrls}.");
        }
        CheckRoles(settings);
        CheckQueue(settings.Queue);
        if (settings.Dapr.Address is { } address && !IsHttp(address))
        {
            _errors.Add($"Dapr:Address has '{address}', which is not an http or https address. Write it like http://127.0.0.1:3500.");
        }
        if (_errors.Count > 0)
        {
            throw new RetrievalException(ErrorKind.Invalid, (_errors.Count == 1 ? "A setting is wrong: " : $"{_errors.Count} settings are wrong:{Environment.NewLine}- ")
                + string.Join($"{Environment.NewLine}- ", _errors), "settings");
        }
    }

    /// <summary>Never says the whole address: it may hold a password.</summary>
    private void CheckQueue(QueueOptions queue)
    {
        const string Form = "Write it like amqp://user:password@host:5672/vhost.";
        if (queue.HasBroker && queue.Url is null)
        {
            _errors.Add($"Queue:Transport is rabbitmq and Queue:Url names no broker. {Form}");
        }
        else if (queue.Url is not null && !(Uri.TryCreate(queue.Url, UriKind.Absolute, out Uri? url) && url.Scheme is "amqp" or "amqps" && url.Host.Length > 0))
        {
            _errors.Add($"Queue:Url is not an amqp or amqps address. {Form}");
        }
        else if (queue.Url is not null && !queue.HasBroker)
        {
            _errors.Add("Queue:Url names a broker and Queue:Transport is memory. Set Queue:Transport to rabbitmq, or leave the address out.");
        }
    }

    private void CheckRoles(Settings settings)
    {
        foreach (Role role in new[] { Contracts.Role.Encoder, Contracts.Role.Compression }.Where(r => !settings.Roles.Contains(r) && settings.HasCatalog))
        {
            if (!settings.Peers.TryGetValue(role, out PeerOptions? peer) || peer.Urls.Count == 0)
            {
                _errors.Add($"Role {role} does not run in this process and Peers:{role}:Urls:0 names no other. Add {role} to --Roles, or set the address.");
            }
            else if (peer.Urls.FirstOrDefault(u => !IsHttp(u)) is { } wrong)
            {
                _errors.Add($"Peers:{role}:Urls has '{wrong}', which is not an http or https address.");
            }
        }
        if (settings.Roles.Contains(Contracts.Role.Gateway) != settings.Roles.Contains(Contracts.Role.Ingestion))
        {
            _errors.Add("Gateway and Ingestion share the catalog, and the embedded one (SQLite in Storage:Folder) belongs to one process: run both in it.");
        }
        if (settings.Roles.Contains(Contracts.Role.Compression) && !settings.Roles.Contains(Contracts.Role.Encoder) && !settings.HasCatalog
            && (!settings.Peers.TryGetValue(Contracts.Role.Encoder, out PeerOptions? encoder) || encoder.Urls.Count == 0))
        {
            _errors.Add("Role Compression needs an encoder. Add Encoder to --Roles, or set Peers:Encoder:Urls:0.");
        }
    }

    /// <summary>Kestrel's form: a host of * or + means every address of the machine.</summary>
    private static bool IsAddress(string url) => IsHttp(url.Replace("//*", "//localhost", StringComparison.Ordinal).Replace("//+", "//localhost", StringComparison.Ordinal));

    private static bool IsHttp(string url) => Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https";

    private static bool Known(string key) => Sections.Concat(Framework).Contains(key, StringComparer.OrdinalIgnoreCase);

    private Role? Role(string key, string name)
    {
        if (Enum.TryParse(name, true, out Role role) && Enum.IsDefined(role))
        {
            return role;
        }
        _errors.Add($"{key}: '{name}' is not a role. Known: {string.Join(", ", Enum.GetNames<Role>())}.");
        return null;
    }

    private T Read<T>(IConfigurationSection section) where T : class, new() => (T)Read(section, typeof(T));

    private object Read(IConfigurationSection section, Type type)
    {
        object options = Activator.CreateInstance(type)!;
        Dictionary<string, PropertyInfo> known = type.GetProperties().Where(p => p.CanWrite).ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (!known.TryGetValue(child.Key, out PropertyInfo? property))
            {
                _errors.Add($"'{child.Path}' is not a setting. {Nearest.Suggest(child.Key, known.Keys)}Known in {section.Path}: {string.Join(", ", known.Keys)}.");
            }
            else if (Value(child, property.PropertyType) is { } value)
            {
                property.SetValue(options, value);
            }
        }
        Validate(section.Path, options);
        return options;
    }

    /// <summary>Null when the value is not of the type, which is then among the errors.</summary>
    private object? Value(IConfigurationSection section, Type type)
    {
        if (IsOptions(type))
        {
            return Read(section, type);
        }
        if (Element(type) is { } element)
        {
            IList list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(element))!;
            foreach (object value in section.GetChildren().Select(item => Value(item, element)).OfType<object>())
            {
                list.Add(value);
            }
            return list;
        }
        try
        {
            return section.Get(type);
        }
        catch (InvalidOperationException e) // the message names key, value and type
        {
            _errors.Add(e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message);
            return null;
        }
    }

    private void Validate(string path, object options)
    {
        List<ValidationResult> results = [];
        Validator.TryValidateObject(options, new ValidationContext(options), results, true);
        foreach (ValidationResult result in results)
        {
            string member = result.MemberNames.FirstOrDefault() ?? "";
            _errors.Add($"{path}:{member} = '{options.GetType().GetProperty(member)?.GetValue(options)}': {result.ErrorMessage}");
        }
    }

    private static bool IsOptions(Type type) => type.IsClass && type.Namespace?.StartsWith("Retrieval", StringComparison.Ordinal) == true;

    private static Type? Element(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GetGenericArguments()[0] : null;
}

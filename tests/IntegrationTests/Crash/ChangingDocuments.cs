using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Crash;

/// <summary>What was sent of one document: each version has a text of its own, or is a removal.</summary>
/// <param name="Text">Null for a removal.</param>
/// <param name="Job">Its job, when the answer came; else it may have been accepted or not.</param>
internal sealed record SentChange(long Version, string? Text, Guid? Job);

/// <summary>
/// A load of documents of at most 20 tokens that are written, replaced and removed all the time by a few clients, each with documents of its own, so that their order is known.
/// Servers that are away are waited for.
/// </summary>
internal sealed class ChangingDocuments(int count, int seed)
{
    public const string Collection = "changing";
    private const int Clients = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(4), Away = TimeSpan.FromMilliseconds(50);
    private static readonly string[] Things = ["lamp", "ladder", "river", "engine", "garden", "letter", "window", "basket"];
    private readonly ConcurrentDictionary<string, List<SentChange>> _sent = new();
    private int _acknowledged;

    /// <summary>Every change of every document, in order.</summary>
    public IReadOnlyDictionary<string, List<SentChange>> Sent => _sent;

    /// <summary>Changes whose acceptance was answered.</summary>
    public int Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>In no other version and no other document.</summary>
    public static string Word(int i, long version) => $"zq{i}v{version}x";

    /// <summary>Sends until it is told to stop.</summary>
    public Task RunAsync(ApiClient api, CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, Clients).Select(c => RunAsync(api, c, stop)));

    private async Task RunAsync(ApiClient api, int client, CancellationToken stop)
    {
        Random random = new(seed * 31 + client);
        while (!stop.IsCancellationRequested)
        {
            int i = random.Next(count / Clients) * Clients + client;
            bool removes = random.Next(5) == 0;
            await Task.Delay(await SendAsync(api, i, removes) ? Pause : Away, CancellationToken.None);
        }
    }

    /// <summary>False when nobody answered.</summary>
    private async Task<bool> SendAsync(ApiClient api, int i, bool removes)
    {
        string id = $"doc-{i:0000}";
        List<SentChange> changes = _sent.GetOrAdd(id, _ => []);
        long version = (changes.Count == 0 ? 0 : changes[^1].Version) + 1;
        string? text = removes ? null : $"The {Things[i % Things.Length]} of number {i} is called {Word(i, version)} here.";
        string path = $"/v1/collections/{Collection}/documents/{id}?version={version}";
        try
        {
            Answer answer = await (removes ? api.DeleteAsync(path) : api.PutTextAsync(path, text!));
            if ((HttpStatusCode)answer.Status is HttpStatusCode.Accepted or HttpStatusCode.OK)
            {
                changes.Add(new SentChange(version, text, answer.Json.GetProperty("job").GetGuid()));
                Interlocked.Increment(ref _acknowledged);
                return true;
            }
            // There is nothing to remove, or the server is still starting: nothing was accepted.
            (removes && answer.Status == 404 || answer.Status == 503).ShouldBeTrue(answer.Text);
            return answer.Status != 503;
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or TaskCanceledException)
        {
            changes.Add(new SentChange(version, text, null)); // killed before it could answer
            return false;
        }
    }
}

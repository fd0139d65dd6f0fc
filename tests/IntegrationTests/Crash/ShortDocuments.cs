using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Crash;

/// <summary>Documents of at most 20 tokens, each with a word of its own, and the look at what became of them.</summary>
internal sealed class ShortDocuments(int count)
{
    public const string Collection = "short";

    private static readonly string[] Things = ["lamp", "ladder", "river", "engine", "garden", "letter", "window", "basket"];

    public IEnumerable<int> All => Enumerable.Range(0, count);

    public static string Id(int i) => $"doc-{i:000}";

    /// <summary>In no other document, and no word that a stemmer would change.</summary>
    public static string Word(int i) => $"zq{i:0000}x";

    public static string Text(int i) => $"The {Things[i % Things.Length]} of number {i} is called {Word(i)} here.";

    public static string Line(int i) => JsonSerializer.Serialize(new { id = Id(i), text = Text(i) });

    /// <summary>Waits until nothing is open.</summary>
    public static async Task SettledAsync(ApiClient api, int seconds = 90)
    {
        for (long began = System.Diagnostics.Stopwatch.GetTimestamp(); (await api.GetAsync($"/v1/collections/{Collection}")).Json.Int("openJobs") > 0; await Task.Delay(100))
        {
            System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds.ShouldBeLessThan(seconds, "jobs are still open");
        }
    }

    /// <summary>Every document is indexed once: in the list, by GET, by its word, and in the index of vectors.</summary>
    public async Task ShouldBeThereOnceAsync(ApiClient api)
    {
        JsonElement[] listed = [.. (await api.GetAsync($"/v1/collections/{Collection}/documents?limit=1000")).Json.GetProperty("documents").EnumerateArray()];
        listed.Select(d => d.String("id")).ShouldBe(All.Select(Id));
        listed.ShouldAllBe(d => d.String("status") == "indexed" && d.Int("chunks") == 1);
        JsonElement collection = (await api.GetAsync($"/v1/collections/{Collection}")).Json;
        (collection.Int("documents"), collection.Int("chunks"), collection.Int("openJobs")).ShouldBe((count, count, 0));
        await Parallel.ForEachAsync(All, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) => await ShouldBeThereOnceAsync(api, i));
        JsonElement[] dense = [.. (await api.SearchAsync(Collection, new { query = "number", top = 1000, mode = "dense" })).Json.GetProperty("hits").EnumerateArray()];
        dense.Select(h => h.String("document")).Order(StringComparer.Ordinal).ShouldBe(All.Select(Id));
    }

    private static async Task ShouldBeThereOnceAsync(ApiClient api, int i)
    {
        (await api.GetAsync($"/v1/collections/{Collection}/documents/{Id(i)}")).Json.String("text").ShouldBe(Text(i));
        JsonElement hits = (await api.SearchAsync(Collection, new { query = Word(i), mode = "lexical" })).Json.GetProperty("hits");
        hits.GetArrayLength().ShouldBe(1, Word(i));
        (hits[0].String("document"), hits[0].String("text")).ShouldBe((Id(i), Text(i)));
    }
}

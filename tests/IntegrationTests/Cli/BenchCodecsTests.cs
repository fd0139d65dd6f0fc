using System.Text.Json;
using System.Xml.Linq;
using Retrieval.IntegrationTests.Server;
using Retrieval.Vectors;

namespace Retrieval.IntegrationTests.Cli;

public sealed class BenchCodecsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _address = $"http://127.0.0.1:{Ports.Free()}";

    public BenchCodecsTests() => Write("vectors.npy", 600, 32, 1);

    private string Own => $"--data {_folder["own"]} --urls {_address}";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_of_vectors_is_measured_in_a_table_of_80_columns_and_drawn()
    {
        Result result = (await ShellAsync("retrieval bench codecs vectors.npy --codecs int8 pca:8 sign pq:5 --max-bytes 40 --plot plot.svg")).ShouldSucceed();
        string[] lines = result.Out.Split('\n');
        lines[0].ShouldBe("all 600 vectors of vectors.npy; 120 rows of it are held out as queries; your own: --queries; 120 queries, 32 dimensions, seed 1.".Replace("all 600", "a sample of 480 of 600", StringComparison.Ordinal).Replace("600 vectors of", "600 vectors (exact search and recall are among the sample, query times for all) of", StringComparison.Ordinal));
        lines[1..].ShouldAllBe(l => l.StartsWith("Take ", StringComparison.Ordinal) || l.TrimEnd().Length <= 80);
        foreach (string shown in (string[])["recall@10", "4x rescored", "code µs", " pca:8", " sign", "±.", "Take "])
        {
            result.Out.ShouldContain(shown);
        }
        result.Error.ShouldContain("Measuring: 4 codecs in ");
        result.Error.ShouldContain("not measured: pq:5: Codec pq cuts vectors into equal parts: 32 dimensions cannot be cut into 5.");
        XDocument plot = XDocument.Load(_folder["plot.svg"]);
        plot.Root!.Name.LocalName.ShouldBe("svg");
        plot.Descendants().Count(e => e.Name.LocalName == "polyline").ShouldBe(6, "codes alone and rescored, of three kinds");
    }

    [Fact]
    public async Task With_json_and_own_queries_a_seed_gives_the_same_figures()
    {
        Write("queries.npy", 90, 32, 2);
        const string line = "retrieval bench codecs vectors.npy --queries queries.npy --count 50 --sample 500 --codecs int8 itq:2 opq:4 --min-recall 0.5 --seed 7 --json";
        JsonElement answer = JsonDocument.Parse((await ShellAsync(line)).ShouldSucceed().Out).RootElement;
        answer.GetProperty("measured").ShouldSatisfyAllConditions(m => m.Int("total").ShouldBe(600), m => m.Int("vectors").ShouldBe(500), m => m.Int("queries").ShouldBe(50), m => m.Int("dimensions").ShouldBe(32));
        JsonElement[] codecs = [.. answer.GetProperty("codecs").EnumerateArray()];
        codecs.Select(c => c.String("codec")).Order().ShouldBe(["int8", "itq:2", "opq:4"]);
        foreach (JsonElement codec in codecs)
        {
            JsonElement recall = codec.GetProperty("rescored").GetProperty("recall");
            (recall.GetProperty("low").GetDouble() <= recall.GetProperty("value").GetDouble() && recall.GetProperty("value").GetDouble() <= recall.GetProperty("high").GetDouble()).ShouldBeTrue();
            codec.GetProperty("encodeMicroseconds").GetDouble().ShouldBeGreaterThan(0);
        }
        JsonElement again = JsonDocument.Parse((await ShellAsync(line)).ShouldSucceed().Out).RootElement;
        again.GetProperty("codecs").EnumerateArray().Select(c => c.GetProperty("plain").GetProperty("recall").GetRawText()).ShouldBe(codecs.Select(c => c.GetProperty("plain").GetProperty("recall").GetRawText()));
        again.String("choice").ShouldBe(answer.String("choice"));
    }

    [Fact]
    public async Task The_codec_that_is_chosen_is_given_to_the_collection_of_a_running_server_and_of_a_folder()
    {
        _folder.Write("turbines.ndjson", string.Join('\n', Enumerable.Range(0, 90).Select(i => $$"""{"id":"t{{i}}","text":"The {{i * 7 % 41}}th turbine of plant {{i * 5 % 23}} is at rest since {{1900 + i}}."}""")));
        _folder.Write("questions.txt", string.Join('\n', Enumerable.Range(0, 30).Select(i => $"Which turbine rests since {1900 + i}?")));
        const string index = "--Storage:Index:SealRows 20 --Storage:Index:CodecRows 40";
        (await ShellAsync($"retrieval index turbines.ndjson --collection a {Own} {index}")).ShouldSucceed();
        // Nobody listens: the command opens the folder itself.
        Result own = (await ShellAsync($"retrieval bench codecs a --codecs int8 --min-recall 0.5 --apply {Own} {index}")).ShouldSucceed();
        own.Out.ShouldContain("all 90 vectors of collection 'a'; ");
        own.Out.ShouldContain("stand in for questions");
        own.Out.ShouldContain("Collection 'a' has codec int8: ");
        await using RetrievalProcess server = RetrievalProcess.Shell(_folder.Path, $"exec retrieval serve {Own} {index}");
        await server.WaitForAsync("Retrieval is up at");
        using ApiClient api = new(new Uri(_address));
        JsonElement info = (await api.GetAsync("/v1/collections/a")).Json;
        (info.String("codec"), info.GetProperty("coding").String("codec")).ShouldBe(("int8", "int8"));
        Result running = (await ShellAsync($"retrieval bench codecs a --queries questions.txt --codecs float16 --max-query-ms 1000 --apply --json {Own}")).ShouldSucceed();
        JsonElement[] answers = [.. running.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
        answers[0].String("about")!.ShouldContain("30 questions of questions.txt");
        (answers[1].String("codec"), answers[1].String("stage")).ShouldBe(("float16", "ready"));
        answers[1].Int("coded").ShouldBe((await api.GetAsync("/v1/collections/a")).Json.GetProperty("coding").Int("sealed"));
    }

    [Theory]
    [InlineData("nowhere.npy", 2, "nowhere.npy cannot be read")]
    [InlineData("bad.npy", 2, "numpy.save")]
    [InlineData("nan.npy", 2, "row 1, dimension 2 is NaN")]
    [InlineData("few.npy", 2, "needs at least 10 vectors")]
    [InlineData("vectors.npy --queries other.npy", 2, "have 16 dimensions, the vectors 32")]
    [InlineData("vectors.npy --apply", 2, "A file has no codec to be given.")]
    [InlineData("vectors.npy --codecs int9", 2, "Codec \"int9\" is not known")]
    [InlineData("vectors.npy --sample 0", 2, "--sample is 0")]
    [InlineData("vectors.npy --codecs int8 --plot /nowhere/plot.svg", 2, "cannot be written")]
    public async Task What_is_wrong_is_named(string arguments, int code, string message)
    {
        _folder.Write("bad.npy", "1.0,2.0\n");
        Write("few.npy", 9, 32, 1);
        Write("other.npy", 20, 16, 1);
        Write("nan.npy", 60, 3, 1, bad: 1 * 3 + 2);
        // Vectors are held out by a seed: the row that is bad is sought among all.
        Result result = await ShellAsync($"retrieval bench codecs {arguments.Replace("nan.npy", "nan.npy --queries nan.npy", StringComparison.Ordinal)}");
        result.Code.ShouldBe(code, result.Error);
        result.Error.ShouldContain(message);
        result.Error.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task When_no_codec_does_what_is_asked_the_exit_code_says_so()
    {
        Result result = await ShellAsync("retrieval bench codecs vectors.npy --codecs sign --min-recall 0.999 --codes-only");
        result.Code.ShouldBe(4, result.Error);
        result.Out.ShouldContain("No codec surely has a recall@10 of 0.999: the best is sign with ");
    }

    [Fact]
    public async Task An_interrupt_ends_a_measurement()
    {
        Write("many.npy", 30_000, 256, 1);
        await using RetrievalProcess bench = RetrievalProcess.Start(_folder.Path, "bench", "codecs", "many.npy", "--codecs", "opq:64", "opq:32", "repconc:64", "opq+:64");
        await Task.Delay(3000);
        bench.Terminate();
        (await bench.ExitAsync()).Code.ShouldBe(130);
    }

    private Task<Result> ShellAsync(string line) => RetrievalProcess.ShellAsync(_folder.Path, line);

    private void Write(string name, int rows, int dimensions, int seed, int bad = -1)
    {
        Random random = new(seed);
        float[] numbers = [.. Enumerable.Range(0, rows * dimensions).Select(i => i == bad ? float.NaN : random.NextSingle() - 0.4f)];
        File.WriteAllBytes(_folder[name], [.. NpyFormat.Head(rows, dimensions), .. numbers.SelectMany(BitConverter.GetBytes)]);
    }
}

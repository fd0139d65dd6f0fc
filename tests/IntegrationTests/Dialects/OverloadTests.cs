using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Dialects;

/// <summary>A server in whose queue little fits.</summary>
public sealed class NarrowServer : InProcessServer
{
    public const int QueueTokens = 400;

    protected override IEnumerable<KeyValuePair<string, string?>> More => [new("Encoder:QueueTokens", $"{QueueTokens}"), new("Encoder:Threads", "1"), new("Encoder:CacheBytes", "0")];
}

/// <summary>What is too much now is 429 with Retry-After in every dialect's form; what will always be too much is not.</summary>
public sealed class OverloadTests(NarrowServer server) : IClassFixture<NarrowServer>
{
    private const string Model = "all-MiniLM-L6-v2";

    public static TheoryData<string> Dialects => ["openai", "tei", "cohere", "qdrant"];

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_full_queue_is_told_with_the_time_to_wait(string dialect)
    {
        // Each request fills more than half of the queue: of many at once some find no place.
        string text = string.Join(' ', Enumerable.Repeat("lamp", 200));
        Answer? refused = null;
        for (int round = 0; round < 50 && refused is null; round++)
        {
            Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.Api.SendAsync(HttpMethod.Post, BadInputTests.Route(dialect), BadInputTests.Body(dialect, text, 1, Model))));
            answers.ShouldAllBe(a => a.Status == 200 || a.Status == 429);
            answers.ShouldContain(a => a.Status == 200);
            refused = Array.Find(answers, a => a.Status == 429);
        }
        refused.ShouldNotBeNull();
        refused.RetryAfter.ShouldNotBeNull().TotalSeconds.ShouldBeGreaterThan(0);
        BadInputTests.Message(dialect, refused).ShouldContain("wait for model");
    }

    [Theory]
    [InlineData("openai", 400)]
    [InlineData("tei", 413)]
    [InlineData("cohere", 400)]
    [InlineData("qdrant", 413)]
    public async Task More_than_the_queue_ever_takes_is_no_overload(string dialect, int status)
    {
        Answer answer = await server.Api.SendAsync(HttpMethod.Post, BadInputTests.Route(dialect), BadInputTests.Body(dialect, "lamp", 200, Model));
        (answer.Status, answer.RetryAfter).ShouldBe((status, null), answer.Text);
        BadInputTests.Message(dialect, answer).ShouldContain($"{NarrowServer.QueueTokens}");
    }
}

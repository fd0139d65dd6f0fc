using Retrieval.Contracts;

namespace Retrieval.UnitTests.Contracts;

public sealed class IdentifiersTests
{
    // Ids of stored chunks: clients keep them.
    private const string PinnedChunk = "4f6899ee-718d-82de-8daf-4a152d8e8cb8", PinnedKey = "71a1dd8d07ab14c304a51bb3b02384c4aabec1b041133a2e3fe228dc8ab97ec9";

    [Fact]
    public void The_id_of_a_chunk_never_changes() => ChunkId.Of("articles", "größe-1", 3, 7).ToString().ShouldBe(PinnedChunk);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Ids_of_chunks_are_version_8_of_the_RFC_variant_and_all_different(int seed)
    {
        Random random = new(seed);
        HashSet<(string, string, long, int)> inputs = [];
        HashSet<Guid> ids = [];
        for (int round = 0; round < 5000; round++)
        {
            (string, string, long, int) input = (Word(random), Word(random), random.Next(3), random.Next(3));
            Guid id = ChunkId.Of(input.Item1, input.Item2, input.Item3, input.Item4);
            (id.Version, id.Variant & 0b1100).ShouldBe((8, 0b1000), $"seed {seed}, round {round}");
            ids.Add(id).ShouldBe(inputs.Add(input), $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void Text_that_moves_over_the_border_of_two_fields_changes_the_id()
    {
        Guid[] ids = [ChunkId.Of("ab", "c", 0, 0), ChunkId.Of("a", "bc", 0, 0), ChunkId.Of("abc", "", 0, 0), ChunkId.Of("", "abc", 0, 0), ChunkId.Of("ab", "c", 0, 1), ChunkId.Of("ab", "c", 1, 0), ChunkId.Of("ab", "c", 1L << 32, 0)];
        ids.ShouldBeUnique();
    }

    [Fact]
    public void The_key_of_a_vector_never_changes_and_names_space_and_text()
    {
        Convert.ToHexStringLower(ReuseKey.Of("0123456789abcdef0123456789abcdef", "größe")).ShouldBe(PinnedKey);
        string[] keys = [.. new[] { ("a", "b"), ("b", "b"), ("a", "c"), ("a", ""), ("a", "b ") }.Select(k => Convert.ToHexStringLower(ReuseKey.Of(k.Item1, k.Item2)))];
        keys.ShouldBeUnique();
        keys.ShouldAllBe(k => k.Length == 64);
    }

    [Fact]
    public void Ids_of_jobs_sort_by_the_time_of_acceptance()
    {
        Clock clock = new();
        string[] ids = [.. Enumerable.Range(0, 100).Select(_ => $"{JobId.New(clock)}")];
        ids.ShouldBe(ids.Order(StringComparer.Ordinal));
        ids.ShouldAllBe(id => Guid.Parse(id).Version == 7);
    }

    private static string Word(Random random) => string.Concat(Enumerable.Range(0, random.Next(3)).Select(_ => "ab\0é"[random.Next(4)]));

    /// <summary>A millisecond later each time that it is asked.</summary>
    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch.AddYears(50);

        public override DateTimeOffset GetUtcNow() => _now = _now.AddMilliseconds(1);
    }
}

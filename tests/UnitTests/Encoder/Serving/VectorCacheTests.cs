using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Encoder.Serving;

public sealed class VectorCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Within_its_bytes_it_keeps_what_was_used_last()
    {
        const int Room = 10, Width = 100;
        VectorCache cache = new(Room * (Width * sizeof(float) + 280));
        VectorKey[] keys = [.. Enumerable.Range(0, 2 * Room).Select(i => VectorKey.Of("v", 0, $"text {i}"))];
        for (int i = 0; i < keys.Length; i++)
        {
            cache.Find(keys[0], true);
            cache.Add(keys[i], new KeptVector([.. Enumerable.Repeat((float)i, Width)], i, false));
        }
        keys.Count(k => cache.Find(k, true) is not null).ShouldBe(Room);
        cache.Find(keys[0], true)!.Tokens.ShouldBe(0); // asked for all the time
        cache.Find(keys[1], true).ShouldBeNull();
        cache.Find(keys[^1], true)!.Vector[0].ShouldBe(keys.Length - 1);
        cache.Bytes.ShouldBeLessThanOrEqualTo(Room * (Width * sizeof(float) + 280));
        cache.Add(VectorKey.Of("v", 0, "huge"), new KeptVector(new float[100_000], 1, false)); // never fits, and drives nothing out
        keys.Count(k => cache.Find(k, true) is not null).ShouldBe(Room);
    }

    [Fact]
    public void A_caller_that_changes_its_vector_changes_no_other_s()
    {
        VectorCache cache = new(10_000);
        VectorKey key = VectorKey.Of("v", 0, "text");
        float[] own = [1, 2];
        cache.Add(key, new KeptVector(own, 1, false));
        own[0] = 9;
        cache.Find(key, true)!.Vector[1] = 9;
        cache.Find(key, true)!.Vector.ShouldBe([1, 2]);
    }

    [Fact]
    public void Keys_differ_by_variant_instruction_and_text() =>
        new[] { VectorKey.Of("a", 0, "t"), VectorKey.Of("b", 0, "t"), VectorKey.Of("a", 1, "t"), VectorKey.Of("a", 0, "T"), VectorKey.Of("a", 0, "\ud800"), VectorKey.Of("a", 0, "\ufffd") }.Distinct().Count().ShouldBe(6);

    [Fact]
    public async Task A_text_that_comes_again_has_the_same_bits_and_is_not_computed_again()
    {
        CancellationToken none = TestContext.Current.CancellationToken;
        using LocalEncoder kept = Load(1_000_000), fresh = Load(0);
        string[] texts = ["w1 w2", "w3", "w1 w2 w3 w4"];
        EmbedResult first = await kept.EmbedAsync(new EmbedRequest(texts), none), again = await kept.EmbedAsync(new EmbedRequest(["w5", .. texts, "w6"]), none), computed = await fresh.EmbedAsync(new EmbedRequest(["w5", .. texts, "w6"]), none);
        again.Vectors.Skip(1).Take(3).ShouldBe(first.Vectors);
        again.Vectors.ShouldBe(computed.Vectors);
        again.Tokens.ShouldBe(computed.Tokens);

        string longer = string.Join(' ', Enumerable.Repeat("w1", 600));
        (await kept.EmbedAsync(new EmbedRequest([longer]), none)).Tokens[0].ShouldBe(512);
        (await Should.ThrowAsync<RetrievalException>(() => kept.EmbedAsync(new EmbedRequest([longer], Truncate: false), none))).Problem.Kind.ShouldBe(ErrorKind.Invalid);
    }

    private LocalEncoder Load(long bytes) => LocalEncoder.Load(
        new EncoderOptions { Models = [new ModelOptions { Path = TableModel.Write(_folder[$"m{bytes}"]) }], Provider = "cpu", Threads = 1, CacheBytes = bytes }, NullLogger.Instance);
}

using System.Diagnostics;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

public sealed class AllocationTests
{
    // Time for the runtime to optimise on a busy machine, not a number of rounds, which may all be over before it begins.
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(30);

    [Fact]
    public void The_span_path_allocates_nothing_once_its_buffers_have_grown()
    {
        foreach ((string name, Tokenizer tokenizer) in SmallTokenizers.All)
        {
            Check(name, tokenizer);
        }
    }

    [Theory]
    [InlineData("real/bert-uncased-minilm")]
    [InlineData("real/bert-chinese-m3e")]
    [InlineData("real/roberta-base")]
    [InlineData("real/gpt2-pairs")]
    [InlineData("real/qwen2.5")]
    [InlineData("real/clip")]
    [InlineData("real/t5-small")]
    [InlineData("real/albert")]
    [InlineData("real/nmt-unigram")]
    [InlineData("real/mistral-7b-v0.1")]
    public void The_span_path_of_a_real_tokenizer_allocates_nothing(string name) => Check(name, Reference.Tokenizer(name));

    private static void Check(string name, Tokenizer tokenizer)
    {
        Random random = new(1);
        string[] texts = ["The lighthouse keeper counted the boats twice, because the first number made no sense.", "東京 is a city. Größe, naïve café!", .. Enumerable.Range(0, 20).Select(_ => RandomText.Next(random))];
        EncodingBuffer buffer = new();
        int[] ids = new int[4096];
        // Buffers and caches fill, and code of the platform that is not optimised yet may box.
        long allocated = -1;
        for (Stopwatch watch = Stopwatch.StartNew(); allocated != 0 && watch.Elapsed < MostTime;)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Run();
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        allocated.ShouldBe(0, name);

        void Run()
        {
            foreach (string text in texts)
            {
                tokenizer.Encode(text, true, int.MaxValue, buffer);
                tokenizer.Encode(text, true, 16, buffer);
                tokenizer.TryEncode(text, false, ids, out _);
                tokenizer.Count(text);
            }
        }
    }
}

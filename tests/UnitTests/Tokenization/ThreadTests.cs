using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

public sealed class ThreadTests
{
    [Fact]
    public void One_tokenizer_serves_several_threads()
    {
        Random random = new(1);
        string[] texts = [.. Enumerable.Range(0, 300).Select(_ => RandomText.Next(random))];
        foreach ((string name, Tokenizer tokenizer) in SmallTokenizers.All)
        {
            int[][] alone = [.. texts.Select(t => tokenizer.Encode(t, true, null).Ids)];
            Parallel.For(0, texts.Length * 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
                tokenizer.Encode(texts[i % texts.Length], true, null).Ids.ShouldBe(alone[i % texts.Length], name));
        }
    }
}

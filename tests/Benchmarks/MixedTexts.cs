using Retrieval.Tokenization;

namespace Retrieval.Benchmarks;

/// <summary>Texts of log-normal lengths around 40 tokens, up to what a model reads: cut out of xquad's paragraphs, so that they are real language.</summary>
internal static class MixedTexts
{
    private const double Median = 40, Sigma = 0.8;
    private const int Least = 4, Most = 512;

    /// <summary>The texts.</summary>
    /// <param name="count">How many.</param>
    /// <param name="tokenizer">That counts the tokens.</param>
    /// <param name="mostTokens">That the model reads; at most 512 are drawn.</param>
    /// <param name="seed">Of lengths and places.</param>
    public static string[] Make(int count, Tokenizer tokenizer, int mostTokens, int seed)
    {
        Random random = new(seed);
        string all = string.Join(' ', SeededCorpus.XquadTexts("corpus.jsonl"));
        Tokenization.Encoding tokens = tokenizer.Encode(all, false, null);
        int[] words = [.. Enumerable.Range(1, tokens.Starts.Length - 1).Where(i => all[tokens.Starts[i] - 1] == ' ')];
        return [.. Enumerable.Range(0, count).Select(_ => Cut())];

        string Cut()
        {
            int length = Math.Clamp((int)Math.Round(Median * Math.Exp(Sigma * Normal(random))), Least, Math.Min(Most, mostTokens)) - tokenizer.SpecialTokens;
            int first = words[random.Next(words.Length)], last = Math.Min(first + length, tokens.Ends.Length) - 1;
            return all[tokens.Starts[first]..tokens.Ends[last]];
        }
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}

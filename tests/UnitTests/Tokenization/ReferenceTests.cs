using System.Collections.Concurrent;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

public sealed class ReferenceTests
{
    [Fact]
    public void Every_case_of_every_tokenizer_is_identical_to_the_reference()
    {
        ConcurrentDictionary<string, string[]> differences = new();
        int cases = 0;
        string[] names = Reference.Names();
        Parallel.ForEach(names, name =>
        {
            string[] found = Differences(name, out int count);
            Interlocked.Add(ref cases, count);
            if (found.Length > 0)
            {
                differences[name] = found;
            }
        });
        string.Join("\n\n", differences.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Key}: {d.Value.Length}\n  {string.Join("\n  ", d.Value.Take(3))}")).ShouldBeEmpty();
        (names.Length, cases).ShouldBe((152, 54_464));
    }

    private static string[] Differences(string name, out int count)
    {
        count = 0;
        Tokenizer tokenizer;
        try
        {
            tokenizer = Reference.Tokenizer(name);
        }
        catch (TokenizerFormatException e)
        {
            return [$"refused: {e.Message}"];
        }
        List<string> differences = [];
        foreach (ReferenceCase sample in Reference.Cases(name))
        {
            count++;
            if (sample.Difference(tokenizer) is { } difference)
            {
                differences.Add(difference);
            }
        }
        return [.. differences];
    }
}

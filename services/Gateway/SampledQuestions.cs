using System.Text.RegularExpressions;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Gateway;

/// <summary>Texts of documents in the place of questions: the title of every other one that has a title, else a sentence of the chunk.</summary>
internal static partial class SampledQuestions
{
    /// <summary>One of each chunk, those that come twice once.</summary>
    public static QuestionSample Of(IReadOnlyList<StoredChunk> chunks, int mostCharacters, int seed)
    {
        Random random = new(seed);
        List<string> questions = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        int titles = 0;
        foreach ((int i, StoredChunk chunk) in chunks.Index())
        {
            bool title = i % 2 == 0 && !string.IsNullOrWhiteSpace(chunk.Title);
            string text = (title ? chunk.Title! : Sentence(chunk.Text, random)).Trim();
            if (text.Length > 0 && text.Length <= mostCharacters && seen.Add(text))
            {
                questions.Add(text);
                titles += title ? 1 : 0;
            }
        }
        return new QuestionSample(questions, titles);
    }

    private static string Sentence(string text, Random random)
    {
        MatchCollection sentences = Sentences().Matches(text);
        return sentences.Count == 0 ? "" : sentences[random.Next(sentences.Count)].Value;
    }

    // As long as people ask, and a whole text that is shorter.
    [GeneratedRegex(@"[^\s.!?\n][^.!?\n]{19,199}[.!?]|\A\s*\S[^\n]{0,199}", RegexOptions.CultureInvariant)]
    private static partial Regex Sentences();
}

using Retrieval.Tokenization;

namespace Retrieval.Compression;

/// <summary>A stretch of a passage that the encoder reads in one run: neighbouring sentences see each other, as many as its length holds.</summary>
/// <param name="Passage">Index of the passage.</param>
/// <param name="Start">First UTF-16 index in the passage.</param>
/// <param name="End">Index after the last.</param>
internal readonly record struct Window(int Passage, int Start, int End)
{
    /// <summary>The windows of sentences in order; each sentence is in one of them, or in several of its own where it is too long for one.</summary>
    /// <param name="sentences">In order.</param>
    /// <param name="passages">Their passages.</param>
    /// <param name="tokenizer">The encoder's.</param>
    /// <param name="mostTokens">Of a window, without special ones.</param>
    public static List<Window> Of(List<Sentence> sentences, IReadOnlyList<string> passages, Tokenizer tokenizer, int mostTokens)
    {
        List<Window> windows = [];
        int tokens = 0;
        for (int i = 0; i < sentences.Count; i++)
        {
            Sentence s = sentences[i];
            int own = tokenizer.Count(s.In(passages));
            bool follows = i > 0 && sentences[i - 1].Passage == s.Passage && sentences[i - 1].Ordinal + 1 == s.Ordinal;
            if (own > mostTokens)
            {
                windows.AddRange(tokenizer.SplitAtBudget(s.In(passages), mostTokens).Select(part => new Window(s.Passage, s.Start + part.Start, s.Start + part.End)));
                tokens = mostTokens;
            }
            else if (follows && tokens + own <= mostTokens)
            {
                windows[^1] = windows[^1] with { End = s.End };
                tokens += own;
            }
            else
            {
                windows.Add(new Window(s.Passage, s.Start, s.End));
                tokens = own;
            }
        }
        return windows;
    }
}

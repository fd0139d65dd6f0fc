namespace Retrieval.Tokenization;

/// <summary>
/// A tokenized text. Offsets are UTF-16 indexes into the .NET string that was given (of the pair's second text for its tokens); special tokens that were
/// added have 0, 0.
/// </summary>
/// <param name="Ids">Vocabulary ids.</param>
/// <param name="TypeIds">0 for the first text, 1 for the second of a pair, or what the file's template says.</param>
/// <param name="Starts">Index of each token's first character.</param>
/// <param name="Ends">Index after its last.</param>
/// <param name="IsSpecial">True for tokens that the template added.</param>
public sealed record Encoding(int[] Ids, int[] TypeIds, int[] Starts, int[] Ends, bool[] IsSpecial);

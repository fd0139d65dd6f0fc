namespace Retrieval.Tokenization;

/// <summary>A text that this tokenizer has no tokens for, because its file names no unknown token.</summary>
public sealed class TokenizationException(string message) : Exception(message);

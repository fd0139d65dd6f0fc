namespace Retrieval.Encoder;

/// <summary>A model folder that cannot be served: which file, what is wrong and the way out.</summary>
internal sealed class ModelFormatException(string file, string detail, Exception? inner = null) : Exception($"{file} {detail}", inner);

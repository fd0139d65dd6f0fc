namespace Retrieval.Contracts;

/// <summary>Body of <c>POST /v1/collections/{c}/questions</c>.</summary>
/// <param name="Questions">Texts to encode as the collection's searches encode them.</param>
public sealed record QuestionInput(IReadOnlyList<string> Questions);

/// <summary>Answer of <c>POST /v1/collections/{c}/questions</c>.</summary>
/// <param name="Space">Id of the vector space, which is the collection's.</param>
/// <param name="Dimensions">Numbers in a vector.</param>
/// <param name="Float32">Vectors in the order of the questions, little-endian.</param>
public sealed record QuestionVectors(string Space, int Dimensions, byte[] Float32);

/// <summary>Answer of <c>GET /v1/collections/{c}/questions</c>: texts of the collection's own documents that stand in for questions.</summary>
/// <param name="Questions">Titles and sentences, each once.</param>
/// <param name="Titles">So many of them are titles, the others sentences.</param>
public sealed record QuestionSample(IReadOnlyList<string> Questions, int Titles);

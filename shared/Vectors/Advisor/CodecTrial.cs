namespace Retrieval.Vectors.Advisor;

/// <summary>How a codec did on somebody's vectors.</summary>
/// <param name="Codec">As <see cref="Codecs.CodecSpec"/> writes it.</param>
/// <param name="BytesAVector">In memory for a vector: its code, its factor, and its share of codebooks and rotations in the whole collection.</param>
/// <param name="OfFloat32">The same as a share of float32.</param>
/// <param name="Plain">By codes alone.</param>
/// <param name="Rescored">With the candidates scored again by the vectors themselves, which are read from disk.</param>
/// <param name="EncodeMicroseconds">To code a vector, on one core.</param>
/// <param name="TrainSeconds">On all cores, by the clock.</param>
public sealed record CodecTrial(string Codec, double BytesAVector, double OfFloat32, SearchTrial Plain, SearchTrial Rescored, double EncodeMicroseconds, double TrainSeconds);

/// <summary>How well and how fast a codec's rows are found.</summary>
/// <param name="Recall">Share of the true ten nearest among the ten found.</param>
/// <param name="QueryMilliseconds">Median of a query on one core, with its tables, over as many rows as the collection has.</param>
public sealed record SearchTrial(RecallInterval Recall, double QueryMilliseconds);

/// <summary>A codec that these vectors cannot have, and why.</summary>
public sealed record CodecRefusal(string Codec, string Reason);

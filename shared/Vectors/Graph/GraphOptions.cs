namespace Retrieval.Vectors.Graph;

/// <summary>Shape of a graph and effort of its building.</summary>
/// <param name="Links">Links of a row in the layers above the lowest, which has twice as many; M of Malkov and Yashunin. More: better recall, more memory.</param>
/// <param name="Breadth">Rows that are looked at to find a new row's neighbours; efConstruction.</param>
/// <param name="Seed">Decides which rows are in the upper layers.</param>
public sealed record GraphOptions(int Links = 16, int Breadth = 100, int Seed = 1);

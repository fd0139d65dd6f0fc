using Retrieval.Vectors.Codecs;

namespace Retrieval.Vectors.Graph;

/// <summary>Scores of a graph's rows against one query; larger is nearer.</summary>
public interface IGraphScores
{
    /// <summary>Scores several rows.</summary>
    void Score(ReadOnlySpan<int> rows, Span<float> scores);
}

/// <summary>A vector of the graph by its row.</summary>
public delegate ReadOnlySpan<float> RowReader(int row);

/// <summary>Exact inner products.</summary>
/// <param name="query">The query.</param>
/// <param name="vectors">The vectors.</param>
public sealed class VectorScores(ReadOnlyMemory<float> query, RowReader vectors) : IGraphScores
{
    /// <inheritdoc/>
    public void Score(ReadOnlySpan<int> rows, Span<float> scores)
    {
        ReadOnlySpan<float> asked = query.Span;
        for (int i = 0; i < rows.Length; i++)
        {
            scores[i] = Kernels.Dot(asked, vectors(rows[i]));
        }
    }
}

/// <summary>A code of the graph by its row.</summary>
public delegate ReadOnlySpan<byte> CodeReader(int row);

/// <summary>Scores estimated from codes.</summary>
/// <param name="query">Made ready by the codec.</param>
/// <param name="codes">The codes.</param>
public sealed class CodeScores(CodeQuery query, CodeReader codes) : IGraphScores
{
    /// <inheritdoc/>
    public void Score(ReadOnlySpan<int> rows, Span<float> scores)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            scores[i] = query.Score(codes(rows[i]));
        }
    }
}

using System.Runtime.InteropServices;
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
public readonly struct VectorScores(ReadOnlyMemory<float> query, RowReader vectors) : IGraphScores
{
    /// <inheritdoc/>
    public void Score(ReadOnlySpan<int> rows, Span<float> scores)
    {
        ReadOnlySpan<float> asked = query.Span;
        for (int i = 0; i < rows.Length; i++)
        {
            if (i + 1 < rows.Length)
            {
                Prefetch.Lines(MemoryMarshal.AsBytes(vectors(rows[i + 1])[..asked.Length]));
            }
            scores[i] = Kernels.Dot(asked, vectors(rows[i]));
        }
    }
}

/// <summary>A code of the graph by its row.</summary>
public delegate ReadOnlySpan<byte> CodeReader(int row);

/// <summary>Scores estimated from codes.</summary>
/// <param name="query">Made ready by the codec.</param>
/// <param name="codes">The codes.</param>
public readonly struct CodeScores(CodeQuery query, CodeReader codes) : IGraphScores
{
    // Codes that are on their way from memory while one is scored.
    private const int Ahead = 4;

    /// <inheritdoc/>
    public void Score(ReadOnlySpan<int> rows, Span<float> scores)
    {
        for (int i = -Ahead; i < rows.Length; i++)
        {
            if (i + Ahead < rows.Length)
            {
                Prefetch.Lines(codes(rows[i + Ahead]));
            }
            if (i < 0)
            {
                continue;
            }
            scores[i] = query.Score(codes(rows[i]));
        }
    }
}

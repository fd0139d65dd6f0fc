namespace Retrieval.Vectors.Codecs;

/// <summary>A query made ready for one codec. Not changed by scoring: several threads may use it.</summary>
public abstract class CodeQuery(int codeBytes)
{
    /// <summary>Estimated inner product of the query with the vector of one code.</summary>
    public abstract float Score(ReadOnlySpan<byte> code);

    /// <summary>Scores of codes one after another.</summary>
    public void Score(ReadOnlySpan<byte> codes, Span<float> scores)
    {
        if (codes.Length != (long)scores.Length * codeBytes)
        {
            throw new ArgumentException($"{scores.Length} codes of {codeBytes} bytes are {(long)scores.Length * codeBytes} bytes; {codes.Length} were given.");
        }
        ScoreAll(codes, scores);
    }

    /// <summary>Scores of checked codes.</summary>
    protected virtual void ScoreAll(ReadOnlySpan<byte> codes, Span<float> scores)
    {
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = Score(codes.Slice(i * codeBytes, codeBytes));
        }
    }
}

using Retrieval.Encoder;
using Retrieval.Storage;
using Retrieval.Vectors;

namespace Retrieval.Benchmarks;

/// <summary>The parts of a search with nothing between them: tokenize and run, scan the rows, ask FTS5.</summary>
internal sealed class Parts(EncoderModel model, float[] vectors)
{
    private const int Top = 10, Candidates = 50;
    private static readonly BatchBuffers Buffers = new();
    private readonly RowBitmap _all = Everything(vectors.Length / model.Description.Space.Dimensions);

    /// <summary>The vector of one text, straight from the session.</summary>
    public static float[] Encode(EncoderModel model, string text)
    {
        TextWork work = new(model.Tokenizer.Encode(text, true, model.Description.Space.MaxTokens), false, 0, CancellationToken.None);
        model.Run([work], Buffers);
        return work.Done.Task.Result;
    }

    /// <summary>The best rows for a question.</summary>
    public (int Row, float Score)[] EncodeAndScan(string question)
    {
        TopRows best = new(Math.Min(Top, _all.Rows));
        ExactScan.Scan(Encode(model, question), vectors, _all.Rows, 0, _all, best);
        return best.ToSorted();
    }

    /// <summary>The lexical candidates for a question; gives their number.</summary>
    public static int Words(Session session, long collection, string question)
    {
        int found = 0;
        session.Scan($"SELECT rowid, -rank FROM words_{collection} WHERE words_{collection} MATCH $1 ORDER BY rank LIMIT $2", r => r.GetDouble(1) > double.MinValue && ++found > 0, WordQuery.Of(question), (long)Candidates);
        return found;
    }

    private static RowBitmap Everything(int rows)
    {
        RowBitmap all = new(rows);
        for (int i = 0; i < rows; i++)
        {
            all[i] = true;
        }
        return all;
    }
}

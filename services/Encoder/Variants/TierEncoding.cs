using System.Diagnostics;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>Encodes the same texts with one model after another, without a queue: in batches of like length, on as many threads as the encoder would take.</summary>
/// <param name="options">Threads and tokens of a batch.</param>
/// <param name="texts">Which.</param>
/// <param name="encoded">Called once a text.</param>
internal sealed class TierEncoding(EncoderOptions options, IReadOnlyList<string> texts, Action encoded)
{
    /// <summary>The vectors in the order of the texts, and the seconds that the model ran.</summary>
    public (float[][] Vectors, double Seconds) Run(EncoderModel model, TextTemplate template, CancellationToken cancellationToken)
    {
        TextWork[] works = [.. texts.Select(t => Work(model, template, t))];
        long began = Stopwatch.GetTimestamp();
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = options.Runs, CancellationToken = cancellationToken };
        Parallel.ForEach(Batches(works, options.Limits(model.IsGpu).BatchTokens), parallel, () => new BatchBuffers(), (batch, _, buffers) =>
        {
            model.Run(batch, buffers);
            batch.ForEach(_ => encoded());
            return buffers;
        }, buffers => buffers.Dispose());
        return ([.. works.Select(w => w.Done.Task.Result)], Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private static TextWork Work(EncoderModel model, TextTemplate template, string text)
    {
        Encoding tokens = template.Encode(model.Tokenizer, text, model.Description.Space.MaxTokens);
        return new TextWork(tokens, false, model.LeftOut(template), CancellationToken.None) { Placeholder = model.Column(template, tokens) };
    }

    private static IEnumerable<List<TextWork>> Batches(TextWork[] works, int most)
    {
        List<TextWork> batch = [];
        foreach (TextWork work in works.OrderBy(w => w.Length))
        {
            if (batch.Count > 0 && (batch.Count + 1) * work.Length > most)
            {
                yield return batch;
                batch = [];
            }
            batch.Add(work);
        }
        if (batch.Count > 0)
        {
            yield return batch;
        }
    }
}

using Retrieval.Encoder;
using Retrieval.OnnxRuntime;
using Retrieval.Tokenization;

namespace Retrieval.Benchmarks;

/// <summary>A question by hand: tokenized, run on a session of its own, and nothing else; not even pooled.</summary>
internal sealed class BareRun(EncoderModel model) : IDisposable
{
    private readonly EncoderSession _session = EncoderSession.Open(model.GraphFile, 1, ExecutionProvider.Cpu);
    private readonly EncodingBuffer _tokens = new();

    public float Encode(string text)
    {
        model.Tokenizer.Encode(text, true, model.Description.Space.MaxTokens, _tokens);
        long[] ids = new long[_tokens.Count], ones = new long[_tokens.Count], types = new long[_tokens.Count];
        for (int i = 0; i < ids.Length; i++)
        {
            (ids[i], ones[i]) = (_tokens.Ids[i], 1);
        }
        return _session.Run([.. _session.Inputs.Select(n => (n, n switch { "input_ids" => ids, "attention_mask" => ones, _ => types }))], 1, ids.Length, model.Output, (values, _) => values[0]);
    }

    public void Dispose() => _session.Dispose();
}

using Retrieval.Contracts;
using Retrieval.Vectors;

namespace Retrieval.UnitTests;

/// <summary>An encoder whose failures a test decides; its vectors depend on the text alone.</summary>
internal sealed class ScriptedEncoder(EncoderDescription model) : IEncoder
{
    /// <summary>Runs before each answer, with the number of the call from 0.</summary>
    public Func<int, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>The space that it says it answers in.</summary>
    public string Space { get; set; } = model.Space.Id;

    /// <summary>Vectors that it leaves out of each answer.</summary>
    public int Missing { get; set; }

    public List<EmbedRequest> Requests { get; } = [];

    /// <summary>What a call asked for.</summary>
    public EmbedRequest Request(int call)
    {
        lock (Requests)
        {
            return Requests[call];
        }
    }

    public Task<EncoderDescription> DescribeAsync(string? name, CancellationToken cancellationToken) => Task.FromResult(model);

    public async Task<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        int call;
        lock (Requests)
        {
            call = Requests.Count;
            Requests.Add(request);
        }
        await Before(call);
        return new EmbedResult(Space, [.. request.Texts.Skip(Missing).Select(t => Vector(t, model.Space.Dimensions))], [.. request.Texts.Select(_ => 1)]);
    }

    public Task<EmbedTokensResult> EmbedTokensAsync(EmbedRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<EncoderDescription>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<EncoderDescription>>([model]);

    public Task<EmbedSparseResult> EmbedSparseAsync(EmbedRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<ClassifyResult> ClassifyAsync(ClassifyRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<ScoreResult> ScoreAsync(ScoreRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public static float[] Vector(string text, int dimensions)
    {
        int seed = 17;
        foreach (char c in text)
        {
            seed = unchecked(seed * 31 + c);
        }
        Random random = new(seed);
        float[] vector = [.. Enumerable.Range(0, dimensions).Select(_ => random.NextSingle() - 0.5f)];
        Kernels.Normalize(vector);
        return vector;
    }
}

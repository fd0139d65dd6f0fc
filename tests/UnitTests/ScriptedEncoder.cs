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

    public List<MatchRequest> Matches { get; } = [];

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

    /// <summary>A token a word; its vector depends on the word alone.</summary>
    public async Task<MatchResult> MatchAsync(MatchRequest request, CancellationToken cancellationToken)
    {
        int call;
        lock (Requests)
        {
            call = Requests.Count;
            Requests.Add(new EmbedRequest(request.Texts, InputKind.Raw, request.Model));
            Matches.Add(request);
        }
        await Before(call);
        float[][] query = [.. Words(request.Query).Select(w => Vector(w.Text, model.Space.Dimensions))];
        return new MatchResult(Space, [.. request.Texts.Select(t => Match(query, Words(t)))]);
    }

    public Task<IReadOnlyList<EncoderDescription>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<EncoderDescription>>([model]);

    public Task<EmbedSparseResult> EmbedSparseAsync(EmbedRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<ClassifyResult> ClassifyAsync(ClassifyRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<ScoreResult> ScoreAsync(ScoreRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    private TokenMatches Match(float[][] query, List<(int Start, string Text)> words) => new(query.Length,
        [.. words.Select(w => Vector(w.Text, model.Space.Dimensions)).SelectMany(v => query.Select(q => Kernels.Dot(q, v)))],
        [.. words.Select(w => w.Start)], [.. words.Select(w => w.Start + w.Text.Length)]);

    private static List<(int Start, string Text)> Words(string text)
    {
        List<(int, string)> words = [];
        for (int start = 0, i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || !char.IsLetterOrDigit(text[i]))
            {
                if (i > start)
                {
                    words.Add((start, text[start..i].ToLowerInvariant()));
                }
                start = i + 1;
            }
        }
        return words;
    }

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

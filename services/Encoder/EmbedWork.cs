namespace Retrieval.Encoder;

/// <summary>The texts of a request on their way through one model: those whose vectors were kept, and those that wait to be computed.</summary>
internal sealed class EmbedWork : IDisposable
{
    private readonly Lane _lane;
    private readonly VectorCache _cache;
    private readonly VectorKey[] _keys;
    private readonly float[][] _vectors;
    private readonly int[] _tokens;
    private readonly List<int> _missing = [];
    private LaneRun? _run;

    private EmbedWork(Lane lane, RequestTexts texts, VectorCache cache)
    {
        (_lane, _cache, _vectors, _tokens) = (lane, cache, new float[texts.Count][], new int[texts.Count]);
        _keys = cache.IsOn && texts.HaveKeys ? [.. Enumerable.Range(0, texts.Count).Select(texts.Key)] : [];
        for (int i = 0; i < _vectors.Length; i++)
        {
            if (_keys.Length > 0 && cache.Find(_keys[i], texts.AreCut) is { } kept)
            {
                (_vectors[i], _tokens[i]) = (kept.Vector, kept.Tokens);
            }
            else
            {
                _missing.Add(i);
            }
        }
    }

    /// <summary>Vectors have unit length unless the request says another.</summary>
    public bool GivesUnitLength => _lane.Model.GivesUnitLength;

    /// <summary>Looks for kept vectors, and lets the other texts wait for the model: all, or none.</summary>
    /// <param name="lane">Of the model.</param>
    /// <param name="texts">For this model.</param>
    /// <param name="cache">Kept vectors.</param>
    /// <param name="cancellationToken">Of the request.</param>
    /// <exception cref="Contracts.RetrievalException">Of a text; or Overloaded, when the queue has no room.</exception>
    public static EmbedWork Enter(Lane lane, RequestTexts texts, VectorCache cache, CancellationToken cancellationToken)
    {
        EmbedWork work = new(lane, texts, cache);
        if (work._missing.Count > 0)
        {
            work._run = LaneRun.Enter(lane, work._missing.Count, (i, trace) => texts.Work(work._missing[i], false, trace, cancellationToken), texts.Kind);
        }
        return work;
    }

    /// <summary>Whole vectors and tokens in the order of the request; computed ones are kept.</summary>
    public async Task<(float[][] Vectors, int[] Tokens)> FinishAsync(CancellationToken cancellationToken)
    {
        TextWork[] computed = _run is null ? [] : await _run.FinishAsync(cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < computed.Length; i++)
        {
            (_vectors[_missing[i]], _tokens[_missing[i]]) = (computed[i].Done.Task.Result, computed[i].Length);
        }
        if (_keys.Length > 0)
        {
            // A text of as many tokens as the model reads may have been longer: taken for cut, it is computed again where that is forbidden.
            _missing.ForEach(i => _cache.Add(_keys[i], new KeptVector(_vectors[i], _tokens[i], _tokens[i] >= _lane.Model.Description.Space.MaxTokens)));
            _lane.Metrics.Cached(_keys.Length - _missing.Count, _missing.Count);
        }
        return (_vectors, _tokens);
    }

    /// <inheritdoc/>
    public void Dispose() => _run?.Dispose();
}

using Retrieval.Contracts;
using Retrieval.Ingestion.Chunking;

namespace Retrieval.Ingestion;

/// <summary>Which texts of a plan have a vector already: those that stand word for word in the generation that is replaced.</summary>
internal sealed class VectorReuse
{
    private readonly byte[][] _keys;
    private readonly float[]?[] _known;

    /// <param name="space">Space of the vectors; part of the keys.</param>
    /// <param name="plan">Chunks and texts.</param>
    /// <param name="stored">Vectors of the live generation by key.</param>
    public VectorReuse(string space, ChunkPlan plan, IReadOnlyDictionary<string, float[]> stored)
    {
        _keys = [.. plan.Texts.Select(text => ReuseKey.Of(space, text))];
        _known = [.. _keys.Select(key => stored.GetValueOrDefault(Convert.ToHexStringLower(key)))];
        Fresh = [.. plan.Texts.Where((_, i) => _known[i] is null)];
        FreshWindows = plan.Windows?.Select(w => w.Where(chunk => _known[chunk] is null)).Where(w => w.Chunks.Count > 0).ToList();
        FreshTokens = plan.Chunks.Where((_, i) => _known[i] is null).Sum(c => c.Tokens);
    }

    /// <summary>Texts that have to be encoded, in order.</summary>
    public List<string> Fresh { get; }

    /// <summary>With late chunking: what is encoded for them instead, without the parts that have a vector.</summary>
    public List<LateWindow>? FreshWindows { get; }

    /// <summary>Their tokens.</summary>
    public int FreshTokens { get; }

    /// <summary>For the job's timeline.</summary>
    public string Note => $"{_known.Length - Fresh.Count} of {_known.Length} chunks reused, {FreshTokens} tokens encoded";

    /// <summary>The chunks as they are stored.</summary>
    /// <param name="plan">The plan that this was made for.</param>
    /// <param name="encoded">A vector for each fresh text.</param>
    public List<Storage.NewChunk> Complete(ChunkPlan plan, List<float[]> encoded)
    {
        Queue<float[]> fresh = new(encoded);
        return [.. plan.Chunks.Select((c, i) => new Storage.NewChunk(i, c.Start, c.End, c.Tokens, _known[i] ?? fresh.Dequeue(), _keys[i], _known[i] is not null) { Headings = plan.Headings[i], Page = plan.Pages[i] })];
    }
}

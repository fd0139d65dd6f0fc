namespace Retrieval.Onnx;

/// <summary>What an additive or Boolean operand of the scores does.</summary>
public enum MaskKind
{
    /// <summary>Could not be seen.</summary>
    Unknown,
    /// <summary>Every token sees every token, padding aside.</summary>
    Bidirectional,
    /// <summary>A token sees itself and what stands before it.</summary>
    Causal,
    /// <summary>A token sees its neighbours within a distance.</summary>
    Window,
    /// <summary>Numbers that hide nothing, such as a relative position bias.</summary>
    Bias,
    /// <summary>The operator takes lengths of rows: right padding only.</summary>
    Lengths,
}

/// <summary>A reading of a mask by its numbers on a trial batch.</summary>
/// <param name="Kind">What it lets through.</param>
/// <param name="HidesPadding">Whether padded tokens are hidden by it.</param>
/// <param name="Behind">Tokens before itself that a token sees; null when all.</param>
/// <param name="Ahead">Tokens after itself that a token sees; null when all.</param>
/// <param name="Why">Why the kind is unknown.</param>
public sealed record MaskReading(MaskKind Kind, bool HidesPadding = false, int? Behind = null, int? Ahead = null, string? Why = null)
{
    // Half precision ends at 65504; a bias is of the order of a score.
    private const double Hidden = -1e4, Open = 1e-6;

    internal static MaskReading Of(ProbeValue mask, int tokens)
    {
        if (mask.Data is null || mask.Dims is null || mask.Rank is 0 or > 4 || ProbeValue.Broadcast(mask.Dims, [1, 1, tokens, tokens]) is not { } dims)
        {
            return new(MaskKind.Unknown, Why: "its numbers do not follow from ids, mask, positions and constants alone");
        }
        int heads = dims[1], rows = dims[0];
        int[] places = ProbeValue.Places(mask.Dims, dims);
        double Value(int row, int head, int from, int to) => mask.Data[places[(((((Math.Min(row, rows - 1) * heads) + head) * tokens) + from) * tokens) + to]];
        bool isBoolean = mask.Type == DataType.Bool;
        bool Sees(int row, int from, int to) => isBoolean ? Value(row, 0, from, to) != 0 : Value(row, 0, from, to) > Hidden;
        if (!isBoolean && !mask.Data.Any(v => v < Hidden))
        {
            return mask.Data.Any(v => Math.Abs(v) > Open) ? new(MaskKind.Bias) : new(MaskKind.Bidirectional);
        }
        if (!isBoolean && mask.Data.Any(v => v >= Hidden && Math.Abs(v) > Open))
        {
            return new(MaskKind.Unknown, Why: "it holds a bias and a mask in one");
        }
        (int behind, int ahead) = (0, 0);
        for (int from = 0; from < tokens; from++)
        {
            for (int to = 0; to < tokens; to++)
            {
                (behind, ahead) = Sees(0, from, to) ? (Math.Max(behind, from - to), Math.Max(ahead, to - from)) : (behind, ahead);
            }
        }
        bool Band(int from, int to) => to - from <= ahead && from - to <= behind;
        bool Agrees(int row, int real, Func<int, bool> open) => Enumerable.Range(0, real).All(from => Enumerable.Range(0, tokens).All(to => Sees(row, from, to) == (Band(from, to) && open(to))));
        int real = tokens - Probe.Padding;
        bool hides = Agrees(1, real, to => to < real);
        if (!Agrees(0, tokens, _ => true) || !(hides || Agrees(1, tokens, _ => true)))
        {
            return new(MaskKind.Unknown, Why: "what a token sees is no band around it");
        }
        int all = tokens - 1;
        return behind == all && ahead == all ? new(MaskKind.Bidirectional, hides)
            : behind == all && ahead == 0 ? new(MaskKind.Causal, hides, null, 0)
            : new(MaskKind.Window, hides, behind == all ? null : behind, ahead == all ? null : ahead);
    }
}

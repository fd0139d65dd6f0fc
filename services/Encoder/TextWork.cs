using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>A tokenized text on its way through the queue.</summary>
/// <param name="tokens">With special tokens, cut at the model's limit.</param>
/// <param name="wantsTokens">A vector for every token instead of one for the text.</param>
/// <param name="leftOut">First tokens that are not pooled.</param>
/// <param name="cancellationToken">When it is cancelled before a batch takes it, it costs no compute.</param>
internal sealed class TextWork(Encoding tokens, bool wantsTokens, int leftOut, CancellationToken cancellationToken)
{
    /// <summary>With special tokens.</summary>
    public Encoding Tokens => tokens;

    /// <summary>Tokens to compute.</summary>
    public int Length => tokens.Ids.Length;

    /// <summary>A vector for every token that the template did not add.</summary>
    public bool WantsTokens => wantsTokens;

    /// <summary>First tokens that are not pooled.</summary>
    public int LeftOut => leftOut;

    /// <summary>Column of the token whose state Token Prepending overwrites; -1: the method is off for this text.</summary>
    public int Placeholder { get; init; } = -1;

    /// <summary>When it came into the queue, as a timestamp.</summary>
    public long Since { get; set; }

    /// <summary>Vector or vectors, row-major.</summary>
    public TaskCompletionSource<float[]> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A batch has it, or it was dropped.</summary>
    public bool IsTaken { get; set; }

    /// <summary>True, and settled, when nobody waits any more.</summary>
    public bool IsCancelled => cancellationToken.IsCancellationRequested && (Done.TrySetCanceled(cancellationToken) || true);
}

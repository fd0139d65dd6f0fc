using System.Buffers;
using System.Diagnostics;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>A tokenized text on its way through the queue.</summary>
internal sealed class TextWork
{
    private readonly CancellationToken _cancellationToken;
    private readonly bool _isRented;
    private int[] _ids;
    private int[]? _types; // null: all 0

    /// <summary>Any text; keeps the encoding.</summary>
    /// <param name="tokens">With special tokens, cut at the model's limit.</param>
    /// <param name="wantsTokens">A vector for every token instead of one for the text.</param>
    /// <param name="leftOut">First tokens that are not pooled.</param>
    /// <param name="cancellationToken">When it is cancelled before a batch takes it, it costs no compute.</param>
    public TextWork(Encoding tokens, bool wantsTokens, int leftOut, CancellationToken cancellationToken)
    {
        (Tokens, _ids, _types, WantsTokens) = (tokens, tokens.Ids, tokens.TypeIds, wantsTokens);
        (Length, LeftOut, _cancellationToken) = (tokens.Ids.Length, leftOut, cancellationToken);
    }

    /// <summary>A text of which one vector is wanted; its ids are copied into pooled memory until <see cref="Settle"/>.</summary>
    /// <param name="tokens">With special tokens, cut at the model's limit.</param>
    /// <param name="leftOut">First tokens that are not pooled.</param>
    /// <param name="cancellationToken">As above.</param>
    public TextWork(EncodingBuffer tokens, int leftOut, CancellationToken cancellationToken)
    {
        _isRented = true;
        _ids = Rented(tokens.Ids);
        _types = tokens.TypeIds.ContainsAnyExcept(0) ? Rented(tokens.TypeIds) : null;
        (Length, LeftOut, _cancellationToken) = (tokens.Count, leftOut, cancellationToken);
    }

    /// <summary>With special tokens; only where a vector for every token is wanted.</summary>
    public Encoding? Tokens { get; }

    /// <summary>Vocabulary ids.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Length);

    /// <summary>Type ids; empty when all are 0.</summary>
    public ReadOnlySpan<int> TypeIds => _types is null ? default : _types.AsSpan(0, Length);

    /// <summary>Tokens to compute.</summary>
    public int Length { get; }

    /// <summary>A vector for every token that the template did not add.</summary>
    public bool WantsTokens { get; }

    /// <summary>First tokens that are not pooled.</summary>
    public int LeftOut { get; }

    /// <summary>When it came into the queue, as a timestamp.</summary>
    public long Since { get; set; }

    /// <summary>Its place among those that came before and after.</summary>
    public long Order { get; set; }

    /// <summary>The request that it is a part of, for traces.</summary>
    public ActivityContext Trace { get; init; }

    /// <summary>Of a token, its state as the model gives it, for special tokens too.</summary>
    public bool States { get; init; }

    /// <summary>Unit length whatever the model does, or never; null: as the model does.</summary>
    public bool? Normalize { get; init; }

    /// <summary>Column of the token whose state Token Prepending overwrites; -1: the method is off for this text.</summary>
    public int Placeholder { get; init; } = -1;

    /// <summary>Tokens of the parts that get a vector each, instead of one for the text: first, and behind the last.</summary>
    public IReadOnlyList<(int First, int End)>? Parts { get; init; }

    /// <summary>Vector or vectors, row-major.</summary>
    public TaskCompletionSource<float[]> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Nobody waits any more.</summary>
    public bool IsCancelled => _cancellationToken.IsCancellationRequested;

    /// <summary>Tells who waits, and gives the pooled memory back; only for the one who took it out of the queue.</summary>
    /// <param name="vector">The result; null: a failure.</param>
    /// <param name="failure">Why there is none; null with a null vector: it was cancelled.</param>
    public void Settle(float[]? vector, Exception? failure)
    {
        if (_isRented && _ids.Length > 0)
        {
            ArrayPool<int>.Shared.Return(_ids);
            if (_types is not null)
            {
                ArrayPool<int>.Shared.Return(_types);
            }
            (_ids, _types) = ([], null);
        }
        _ = vector is not null ? Done.TrySetResult(vector) : failure is not null ? Done.TrySetException(failure) : Done.TrySetCanceled(_cancellationToken);
    }

    private static int[] Rented(ReadOnlySpan<int> values)
    {
        int[] rented = ArrayPool<int>.Shared.Rent(values.Length);
        values.CopyTo(rented);
        return rented;
    }
}

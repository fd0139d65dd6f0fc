namespace Retrieval.Encoder;

/// <summary>A model in memory, counted by who uses it: it goes when the registry has let it go and the last request has its vectors.</summary>
internal sealed class LoadedModel(ServedModel served)
{
    private int _users = 1; // the registry

    /// <summary>The model; only to be used while held.</summary>
    public ServedModel Served => served;

    /// <summary>Some request has it now.</summary>
    public bool IsInUse => Volatile.Read(ref _users) > 1;

    /// <summary>Holds it for a request; false when it is going.</summary>
    public bool TryHold()
    {
        for (int users = Volatile.Read(ref _users); users > 0; users = Volatile.Read(ref _users))
        {
            if (Interlocked.CompareExchange(ref _users, users + 1, users) == users)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Lets it go; the last one disposes it.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            served.Dispose();
        }
    }
}

/// <summary>A model that stays loaded until this is disposed.</summary>
internal sealed class ModelLease(LoadedModel model) : IDisposable
{
    private LoadedModel? _model = model;

    /// <summary>The model.</summary>
    public ServedModel Served => _model?.Served ?? throw new ObjectDisposedException(nameof(ModelLease));

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _model, null)?.Release();
}

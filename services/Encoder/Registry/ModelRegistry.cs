using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>
/// The models by their names. The first one is the default: a start without it fails, since every request and new collection that names no model would
/// get another space than was meant. Any other that cannot be loaded is kept with the reason, and the rest is served. Over the budget of bytes, models that
/// no request has used for longest go, and come back with the next request.
/// </summary>
internal sealed class ModelRegistry : IDisposable
{
    private readonly Serving _serving;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _changes = new(1, 1); // one load at a time: they share the budget
    private readonly List<ModelSlot> _slots = [];

    private ModelRegistry(Serving serving) => _serving = serving;

    /// <summary>Names; the first is the default.</summary>
    public IReadOnlyList<string> Names => Locked(() => _slots.Select(s => s.Name).ToArray());

    /// <summary>Models that could not be loaded, each with the reason.</summary>
    public IReadOnlyList<string> Failures => Locked(() => _slots.Where(s => s.Failure is not null).Select(s => $"{s.Name}: {s.Failure}").ToArray());

    /// <summary>Loads the models of the options.</summary>
    /// <exception cref="RetrievalException">Two have one name, or the default cannot be served.</exception>
    public static ModelRegistry Load(IReadOnlyList<ModelOptions> models, Serving serving)
    {
        ModelRegistry registry = new(serving);
        try
        {
            foreach (ModelOptions options in models)
            {
                ModelSlot slot = registry.Add(options, ErrorKind.Invalid);
                registry.LoadFirst(slot);
            }
            return registry;
        }
        catch
        {
            registry.Dispose();
            throw;
        }
    }

    /// <summary>A model that is held until the lease is disposed; loads it when it is not in memory.</summary>
    /// <exception cref="RetrievalException">NotFound; Unavailable when it failed to load; Overloaded when models in use fill the budget.</exception>
    public ValueTask<ModelLease> LeaseAsync(string? name, CancellationToken cancellationToken) => TryLease(name, out ModelSlot slot) is { } lease ? new(lease) : new(LoadAsync(slot, cancellationToken));

    /// <summary>What is known of a model; loads it only when it never was.</summary>
    public async ValueTask<EncoderDescription> DescribeAsync(string? name, CancellationToken cancellationToken)
    {
        if (Locked(() => Find(name).Description) is { } known)
        {
            return known;
        }
        using ModelLease lease = await LeaseAsync(name, cancellationToken).ConfigureAwait(false);
        return lease.Served.Description;
    }

    /// <summary>File of a tokenizer that some model has; null when none does.</summary>
    public string? TokenizerFile(string hash) => Locked(() => _slots.Select(s => s.Tokenizers.GetValueOrDefault(hash)).FirstOrDefault(f => f is not null));

    /// <summary>All models.</summary>
    public ModelList List() => Locked(() => new ModelList([.. _slots.Select(s => s.Info())], LoadedBytes(), _serving.Options.ModelBytes > 0 ? _serving.Options.ModelBytes : null));

    /// <summary>Adds a model and loads it; one that cannot be loaded is not added.</summary>
    public async Task<ModelInfo> AddAsync(ModelOptions options, CancellationToken cancellationToken)
    {
        ModelSlot slot = Add(options, ErrorKind.Conflict);
        try
        {
            (await LoadAsync(slot, cancellationToken).ConfigureAwait(false)).Dispose();
            return Locked(slot.Info);
        }
        catch
        {
            Locked(() => _slots.Remove(slot));
            throw;
        }
    }

    /// <summary>Loads a model now, one that failed included.</summary>
    public async Task<ModelInfo> LoadAsync(string name, CancellationToken cancellationToken)
    {
        ModelSlot slot = Locked(() => Find(name));
        (await LoadAsync(slot, cancellationToken).ConfigureAwait(false)).Dispose();
        return Locked(slot.Info);
    }

    /// <summary>Takes a model out of memory; its requests are finished first, the next one loads it again.</summary>
    public ModelInfo Unload(string name)
    {
        ModelSlot slot = Locked(() => NotDefault(Find(name)));
        LetGo(slot);
        return Locked(slot.Info);
    }

    /// <summary>Serves a model no more; its requests are finished first.</summary>
    public void Remove(string name)
    {
        ModelSlot slot = Locked(() =>
        {
            ModelSlot found = NotDefault(Find(name));
            found.IsRemoved = true;
            _slots.Remove(found);
            return found;
        });
        LetGo(slot);
    }

    /// <summary>Finishes what waits, then lets the models go.</summary>
    public void Dispose()
    {
        foreach (ModelSlot slot in Locked(() => _slots.ToArray()))
        {
            Locked(slot.Take)?.Release();
        }
        _changes.Dispose();
    }

    private ModelSlot Add(ModelOptions options, ErrorKind taken) => Locked(() =>
    {
        ModelSlot slot = new(options, _slots.Count == 0);
        if (_slots.Exists(s => s.Name == slot.Name))
        {
            throw new RetrievalException(taken, $"Two models are called '{slot.Name}'.", "Encoder:Models", slot.Name, help: "Give one of them another Name.");
        }
        _slots.Add(slot);
        return slot;
    });

    /// <summary>At the start a model that does not fit any more waits for its first request instead of driving another one out.</summary>
    private void LoadFirst(ModelSlot slot)
    {
        try
        {
            ServedModel served = ReadIn(slot);
            if (!slot.IsDefault && IsOver(served.Bytes))
            {
                slot.Remember(served);
                served.Dispose();
                Log.Waits(_serving.Logger, slot.Name, served.Bytes, _serving.Options.ModelBytes);
                return;
            }
            Locked(() => slot.Put(served, _serving.Time.GetTimestamp()));
        }
        catch (RetrievalException) when (!slot.IsDefault)
        {
            // Logged and kept with the slot: the other models are served.
        }
    }

    private async Task<ModelLease> LoadAsync(ModelSlot slot, CancellationToken cancellationToken)
    {
        await _changes.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (TryLease(slot) is { } loadedMeanwhile)
            {
                return loadedMeanwhile;
            }
            MakeRoom(slot, slot.Bytes ?? 0);
            ServedModel served = ReadIn(slot);
            try
            {
                MakeRoom(slot, served.Bytes); // its size may have been unknown before
            }
            catch
            {
                slot.Remember(served);
                served.Dispose();
                throw;
            }
            return Locked(() =>
            {
                slot.Put(served, _serving.Time.GetTimestamp());
                if (slot.IsRemoved) // meanwhile: this request is its last
                {
                    ModelLease last = TryLease(slot)!;
                    slot.Take()!.Release();
                    return last;
                }
                return TryLease(slot)!;
            });
        }
        finally
        {
            _changes.Release();
        }
    }

    private ServedModel ReadIn(ModelSlot slot)
    {
        long began = Stopwatch.GetTimestamp();
        try
        {
            ServedModel served = ServedModel.Load(slot.Options, _serving);
            VectorSpace space = served.Description.Space;
            Log.Loaded(_serving.Logger, slot.Name, slot.Options.Path, space.Dimensions, space.MaxTokens, space.Id, served.Description.Provider, served.Runs, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            return served;
        }
        catch (Exception e) when (e is not OperationCanceledException) // whatever it was, the other models go on
        {
            RetrievalException failure = e as RetrievalException ?? new RetrievalException(ErrorKind.Invalid, $"The model in {slot.Options.Path} cannot be served: {e.Message}", "Encoder:Models", slot.Options.Path, inner: e);
            Locked(() => slot.Fail(failure.Problem));
            if (!slot.IsDefault) // that one ends the start, with the same words
            {
                Log.LoadFailed(_serving.Logger, slot.Name, failure.Message);
            }
            throw failure;
        }
    }

    private void MakeRoom(ModelSlot slot, long bytes)
    {
        while (IsOver(bytes))
        {
            ModelSlot idlest = Locked(() => _slots.Where(s => s is { IsDefault: false, Loaded.IsInUse: false } && s != slot).MinBy(s => s.LastUsed))
                ?? throw new RetrievalException(bytes > _serving.Options.ModelBytes ? ErrorKind.TooLarge : ErrorKind.Overloaded, $"Model '{slot.Name}' of {bytes} bytes has no room beside the default and the models in use.",
                    "model", slot.Name, $"{_serving.Options.ModelBytes} bytes (Encoder:ModelBytes)", "Try again later, or raise the limit.");
            Log.Unloaded(_serving.Logger, idlest.Name, slot.Name);
            LetGo(idlest);
        }
    }

    private bool IsOver(long bytes) => _serving.Options.ModelBytes > 0 && Locked(LoadedBytes) + bytes > _serving.Options.ModelBytes;

    private long LoadedBytes() => _slots.Where(s => s.Loaded is not null).Sum(s => s.Bytes ?? 0);

    private void LetGo(ModelSlot slot) => Locked(slot.Take)?.Release();

    private ModelLease? TryLease(string? name, out ModelSlot slot)
    {
        lock (_lock)
        {
            slot = Find(name);
            return slot.Failure is { } failure && slot.Loaded is null
                ? throw new RetrievalException(ErrorKind.Unavailable, $"Model '{slot.Name}' could not be loaded: {failure.Detail}", "model", slot.Name, help: $"Repair it, then POST {ModelAdminEndpoint.Route}/{slot.Name}/load.")
                : TryLease(slot);
        }
    }

    private ModelLease? TryLease(ModelSlot slot)
    {
        lock (_lock)
        {
            slot.LastUsed = _serving.Time.GetTimestamp();
            return slot.Loaded?.TryHold() == true ? new ModelLease(slot.Loaded) : null;
        }
    }

    private static ModelSlot NotDefault(ModelSlot slot) => !slot.IsDefault ? slot
        : throw new RetrievalException(ErrorKind.Conflict, $"Model '{slot.Name}' is the default and stays loaded.", "model", slot.Name, help: "Make another model the first of Encoder:Models, and start again.");

    private ModelSlot Find(string? name) => name is null ? _slots[0]
        : _slots.Find(s => s.Name == name)
        ?? throw new RetrievalException(ErrorKind.NotFound, $"Model '{name}' is not served here.", "model", name, string.Join(", ", _slots.Select(s => s.Name)), "Name a served model, or add it to Encoder:Models.");

    private void Locked(Action act)
    {
        lock (_lock)
        {
            act();
        }
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_lock)
        {
            return read();
        }
    }
}

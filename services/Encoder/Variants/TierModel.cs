namespace Retrieval.Encoder;

/// <summary>A model that encodes queries: open, or to be opened when it is first asked for.</summary>
/// <param name="open">Opens it.</param>
internal sealed class TierModel(Func<EncoderModel> open) : IDisposable
{
    private EncoderModel? _model;

    /// <summary>Whether it is open.</summary>
    public bool IsOpen => _model is not null;

    /// <summary>Bytes of its graph and weights, known since it was first opened; without weights that another model has in memory.</summary>
    public long Bytes { get; private set; }

    /// <summary>The model, opened now if it is not.</summary>
    public EncoderModel Model
    {
        get
        {
            if (_model is null)
            {
                _model = open();
                Bytes = _model.Bytes;
            }
            return _model;
        }
    }

    /// <summary>Closes it until it is asked for.</summary>
    public void Dispose()
    {
        _model?.Dispose();
        _model = null;
    }
}

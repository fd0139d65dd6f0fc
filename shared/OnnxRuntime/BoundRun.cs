using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Retrieval.OnnxRuntime;

/// <summary>
/// Runs of one thread with inputs and outputs bound to memory of the runtime's own. On a GPU that is page-locked ("CudaPinned" is the runtime's name for it):
/// the driver copies to and from it without a detour. On a processor it is plain memory, and the results are those of <see cref="EncoderSession.Run"/>, to the bit.
/// </summary>
public sealed class BoundRun : IDisposable
{
    private const string Pinned = "CudaPinned";

    private readonly InferenceSession _session;
    private readonly RunOptions _run;
    private readonly OrtIoBinding _binding;
    private readonly OrtMemoryInfo _memory;
    private readonly OrtAllocator _allocator;
    private readonly bool _isCuda;

    internal BoundRun(InferenceSession session, RunOptions run, ExecutionProvider provider)
    {
        (_session, _run, _isCuda) = (session, run, provider == ExecutionProvider.Cuda);
        _memory = _isCuda ? new OrtMemoryInfo(Pinned, OrtAllocatorType.DeviceAllocator, 0, OrtMemType.CpuOutput) : OrtMemoryInfo.DefaultInstance;
        _allocator = _isCuda ? new OrtAllocator(session, _memory) : OrtAllocator.DefaultInstance;
        _binding = session.CreateIoBinding();
    }

    /// <summary>As <see cref="EncoderSession.Run"/>.</summary>
    public T Run<T>(IReadOnlyList<(string Name, long[] Values)> inputs, IReadOnlyList<EmptyCache> caches, BatchShape batch, string output, OutputReader<T> read)
    {
        List<OrtValue> values = [];
        try
        {
            foreach ((string name, long[] own) in inputs)
            {
                // The runtime's arena hands the same memory out again: nothing is page-locked anew for a batch.
                OrtValue value = OrtValue.CreateAllocatedTensorValue(_allocator, TensorElementType.Int64, [batch.Rows, batch.Columns]);
                values.Add(value);
                own.AsSpan(0, batch.Rows * batch.Columns).CopyTo(value.GetTensorMutableDataAsSpan<long>());
                _binding.BindInput(name, value);
            }
            foreach (EmptyCache cache in caches)
            {
                values.Add(EncoderSession.Empty(cache, batch.Rows));
                _binding.BindInput(cache.Name, values[^1]);
            }
            _binding.BindOutputToDevice(output, _memory); // anew for each run: its size changes
            _binding.SynchronizeBoundInputs();
            _session.RunWithBinding(_run, _binding);
            _binding.SynchronizeBoundOutputs();
            using IDisposableReadOnlyCollection<OrtValue> results = _binding.GetOutputValues();
            return EncoderSession.Read(results[0], read);
        }
        finally
        {
            _binding.ClearBoundInputs();
            _binding.ClearBoundOutputs();
            values.ForEach(v => v.Dispose());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _binding.Dispose();
        if (_isCuda)
        {
            _allocator.Dispose();
            _memory.Dispose();
        }
    }
}

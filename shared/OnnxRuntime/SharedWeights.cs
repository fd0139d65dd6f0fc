using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Retrieval.OnnxRuntime;

/// <summary>A weight that sessions share.</summary>
/// <param name="Name">Of the initialiser in every graph.</param>
/// <param name="ElementType">TensorProto.DataType.</param>
/// <param name="Shape">Sizes.</param>
/// <param name="Offset">First byte in the file.</param>
/// <param name="Length">Bytes.</param>
public sealed record SharedWeight(string Name, int ElementType, IReadOnlyList<long> Shape, long Offset, long Length);

/// <summary>
/// Weights of several graphs, held once: the file is mapped, each weight is one value over the mapping, and what the runtime repacks for its kernels
/// goes into one container. Must outlive every session that was opened over it.
/// </summary>
public sealed class SharedWeights : IDisposable
{
    // Fusions that would join weights into new ones, a copy for every session.
    private const string CopyingFusions = "AttentionFusion;EmbedLayerNormFusion;GroupQueryAttentionFusion;ConstantFolding";
    private const int DontNeed = 4;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly List<(string Name, OrtValue Value)> _values = [];
    private readonly string _folder;

    /// <summary>Maps a file.</summary>
    /// <param name="path">File of weights, each at an aligned place.</param>
    /// <param name="weights">What is in it.</param>
    public SharedWeights(string path, IEnumerable<SharedWeight> weights)
    {
        UsageReports.TurnOff();
        _folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        nint start = _view.SafeMemoryMappedViewHandle.DangerousGetHandle();
        foreach (SharedWeight weight in weights)
        {
            _values.Add((weight.Name, OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, (Microsoft.ML.OnnxRuntime.Tensors.TensorElementType)weight.ElementType, [.. weight.Shape], start + (nint)weight.Offset, weight.Length)));
        }
    }

    internal PrePackedWeightsContainer Packed { get; } = new();

    internal void Give(SessionOptions options)
    {
        // A graph from memory has no folder; the runtime looks there for external weights that it reads itself.
        options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", _folder);
        options.AddSessionConfigEntry("optimization.disable_specified_optimizers", CopyingFusions);
        foreach ((string name, OrtValue value) in _values)
        {
            options.AddInitializer(name, value);
        }
    }

    /// <summary>
    /// Lets go of the mapped pages once all sessions are open: kernels run on what they repacked, so most pages are never read again. Those that are,
    /// come back from the file.
    /// </summary>
    public void Trim()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Advise(_view.SafeMemoryMappedViewHandle.DangerousGetHandle(), (nuint)_view.SafeMemoryMappedViewHandle.ByteLength, DontNeed);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _values.ForEach(v => v.Value.Dispose());
        Packed.Dispose();
        _view.Dispose();
        _file.Dispose();
    }

    [DllImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Advise(nint address, nuint length, int advice);
}

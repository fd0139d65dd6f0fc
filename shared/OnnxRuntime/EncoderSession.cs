using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Retrieval.OnnxRuntime;

/// <summary>Where a session runs.</summary>
public enum ExecutionProvider
{
    /// <summary>The processor.</summary>
    Cpu,
    /// <summary>An NVIDIA GPU; needs a build with -p:Gpu=true and the CUDA libraries.</summary>
    Cuda,
}

/// <summary>An ONNX model opened for running; safe to run from many threads at once.</summary>
public sealed class EncoderSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();

    static EncoderSession() => UsageReports.TurnOff();

    private EncoderSession(InferenceSession session) => _session = session;

    /// <summary>Version of the native library.</summary>
    public static string RuntimeVersion => OrtEnv.Instance().GetVersionString();

    /// <summary>Providers that can be loaded: those that the native library knows, less CUDA where its own library was not built in.</summary>
    public static IReadOnlyList<string> AvailableProviders => [.. OrtEnv.Instance().GetAvailableProviders().Where(p => p is "CPUExecutionProvider" || (p is CudaProvider && HasCudaLibrary))];

    /// <summary>CUDA's name among the providers.</summary>
    public const string CudaProvider = "CUDAExecutionProvider";

    // Asking the runtime to load what is not there makes it print an error of its own.
    private static bool HasCudaLibrary => $"{AppContext.BaseDirectory}{Path.PathSeparator}{AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES")}"
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, OperatingSystem.IsWindows() ? "onnxruntime_providers_cuda.dll" : "libonnxruntime_providers_cuda.so")));

    /// <summary>Names of the model's inputs.</summary>
    public IReadOnlyList<string> Inputs => _session.InputNames;

    /// <summary>Opens a model.</summary>
    /// <param name="path">File; external data is looked for beside it.</param>
    /// <param name="threads">Threads inside one run. Concurrent runs of one thread each serve a busy encoder better than one run of many.</param>
    /// <param name="provider">Where it runs.</param>
    /// <exception cref="OnnxRuntimeException">The file is no model, or the provider cannot be loaded.</exception>
    public static EncoderSession Open(string path, int threads, ExecutionProvider provider)
    {
        using SessionOptions options = Options(threads);
        if (provider == ExecutionProvider.Cuda)
        {
            using OrtCUDAProviderOptions cuda = new();
            options.AppendExecutionProvider_CUDA(cuda);
        }
        return new EncoderSession(new InferenceSession(path, options));
    }

    /// <summary>Opens one of several graphs over the same weights, on the processor.</summary>
    /// <param name="graph">A model's bytes, its large weights external.</param>
    /// <param name="weights">Those weights; must outlive the session.</param>
    /// <param name="threads">Threads inside one run.</param>
    public static EncoderSession Open(byte[] graph, SharedWeights weights, int threads)
    {
        using SessionOptions options = Options(threads);
        weights.Give(options);
        return new EncoderSession(new InferenceSession(graph, options, weights.Packed));
    }

    private static SessionOptions Options(int threads)
    {
        SessionOptions options = new()
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            // Shapes change with every batch: a pattern would be planned for each and rarely meet again.
            EnableMemoryPattern = false,
        };
        // A thread that spins between runs takes the core from the tokenizer and the other sessions.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        return options;
    }

    /// <summary>Runs the model and hands the output to a reader; nothing of it may be kept.</summary>
    /// <param name="inputs">Name and values of each input, row-major, all of the same shape.</param>
    /// <param name="rows">Texts in the batch.</param>
    /// <param name="columns">Tokens a text.</param>
    /// <param name="output">Name of a float32 output.</param>
    /// <param name="read">Gets values and shape.</param>
    public T Run<T>(IReadOnlyList<(string Name, long[] Values)> inputs, int rows, int columns, string output, OutputReader<T> read) => Run(inputs, [], rows, columns, output, read);

    /// <summary>Runs a model that may also want a decoder's caches.</summary>
    /// <param name="inputs">Name and values of each input, row-major, all of the same shape.</param>
    /// <param name="caches">Fed without a token.</param>
    /// <param name="rows">Texts in the batch.</param>
    /// <param name="columns">Tokens a text.</param>
    /// <param name="output">Name of a float32 output.</param>
    /// <param name="read">Gets values and shape.</param>
    public T Run<T>(IReadOnlyList<(string Name, long[] Values)> inputs, IReadOnlyList<EmptyCache> caches, int rows, int columns, string output, OutputReader<T> read)
    {
        long[] shape = [rows, columns];
        OrtValue[] values = [.. inputs.Select(i => OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, i.Values.AsMemory(0, rows * columns), shape)), .. caches.Select(c => Empty(c, rows))];
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(_run, [.. inputs.Select(i => i.Name), .. caches.Select(c => c.Name)], values, [output]);
            OrtTensorTypeAndShapeInfo info = results[0].GetTensorTypeAndShape();
            return read(results[0].GetTensorDataAsSpan<float>(), info.Shape);
        }
        finally
        {
            foreach (OrtValue value in values)
            {
                value.Dispose();
            }
        }
    }

    private static OrtValue Empty(EmptyCache cache, int rows) =>
        OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, cache.IsHalf ? TensorElementType.Float16 : TensorElementType.Float, [rows, cache.Heads, 0, cache.HeadWidth]);

    /// <inheritdoc/>
    public void Dispose()
    {
        _run.Dispose();
        _session.Dispose();
    }
}

/// <summary>A decoder's keys or values of earlier tokens, of which an encoded text has none: shape (rows, heads, 0, head width).</summary>
/// <param name="Name">Of the input.</param>
/// <param name="IsHalf">float16 instead of float32.</param>
/// <param name="Heads">Of keys and values; with grouped queries fewer than attention heads.</param>
/// <param name="HeadWidth">Numbers of one key.</param>
public sealed record EmptyCache(string Name, bool IsHalf, int Heads, int HeadWidth);

/// <summary>Reads an output in place.</summary>
/// <param name="values">Row-major.</param>
/// <param name="shape">Sizes of its axes.</param>
public delegate T OutputReader<out T>(ReadOnlySpan<float> values, long[] shape);

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
    // TensorFloat-32 rounds factors to 10 bits: vectors would then differ from those of a processor in the third digit. Which GPU it is, CUDA_VISIBLE_DEVICES says.
    private static readonly Dictionary<string, string> CudaOptions = new() { ["use_tf32"] = "0", ["arena_extend_strategy"] = "kSameAsRequested" };

    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();

    static EncoderSession() => UsageReports.TurnOff();

    private EncoderSession(InferenceSession session, ExecutionProvider provider) => (_session, Provider) = (session, provider);

    /// <summary>Where it runs.</summary>
    public ExecutionProvider Provider { get; }

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
            cuda.UpdateOptions(CudaOptions);
            options.AppendExecutionProvider_CUDA(cuda);
        }
        return new EncoderSession(new InferenceSession(path, options), provider);
    }

    /// <summary>Opens one of several graphs over the same weights, on the processor.</summary>
    /// <param name="graph">A model's bytes, its large weights external.</param>
    /// <param name="weights">Those weights; must outlive the session.</param>
    /// <param name="threads">Threads inside one run.</param>
    public static EncoderSession Open(byte[] graph, SharedWeights weights, int threads)
    {
        using SessionOptions options = Options(threads);
        weights.Give(options);
        return new EncoderSession(new InferenceSession(graph, options, weights.Packed), ExecutionProvider.Cpu);
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
    /// <param name="output">Name of a float32, float16 or bfloat16 output.</param>
    /// <param name="read">Gets values and shape.</param>
    public T Run<T>(IReadOnlyList<(string Name, long[] Values)> inputs, int rows, int columns, string output, OutputReader<T> read) => Run(inputs, [], new BatchShape(rows, columns), output, read);

    /// <summary>Runs a model that may also want a decoder's caches.</summary>
    /// <param name="inputs">Name and values of each input, row-major, all of the same shape.</param>
    /// <param name="caches">Fed without a token.</param>
    /// <param name="batch">Texts and tokens a text.</param>
    /// <param name="output">Name of a float32, float16 or bfloat16 output.</param>
    /// <param name="read">Gets values and shape.</param>
    public T Run<T>(IReadOnlyList<(string Name, long[] Values)> inputs, IReadOnlyList<EmptyCache> caches, BatchShape batch, string output, OutputReader<T> read)
    {
        long[] shape = [batch.Rows, batch.Columns];
        string[] names = new string[inputs.Count + caches.Count];
        OrtValue[] values = new OrtValue[names.Length];
        try
        {
            for (int i = 0; i < names.Length; i++)
            {
                (names[i], values[i]) = i < inputs.Count ? (inputs[i].Name, OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, inputs[i].Values.AsMemory(0, batch.Rows * batch.Columns), shape))
                    : (caches[i - inputs.Count].Name, Empty(caches[i - inputs.Count], batch.Rows));
            }
            using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(_run, names, values, [output]);
            return Read(results[0], read);
        }
        finally
        {
            foreach (OrtValue? value in values)
            {
                value?.Dispose();
            }
        }
    }

    /// <summary>Memory for the runs of one thread: page-locked where the session is on a GPU, so that it copies by itself while another batch computes.</summary>
    public BoundRun Bind() => new(_session, _run, Provider);

    internal static T Read<T>(OrtValue output, OutputReader<T> read)
    {
        OrtTensorTypeAndShapeInfo info = output.GetTensorTypeAndShape();
        if (info.ElementDataType == TensorElementType.Float)
        {
            return read(output.GetTensorDataAsSpan<float>(), info.Shape);
        }
        int count = checked((int)info.ElementCount);
        float[] wide = System.Buffers.ArrayPool<float>.Shared.Rent(count);
        try
        {
            Widen(output, info.ElementDataType, wide.AsSpan(0, count));
            return read(wide.AsSpan(0, count), info.Shape);
        }
        finally
        {
            System.Buffers.ArrayPool<float>.Shared.Return(wide);
        }
    }

    /// <summary>Numbers of 16 bits; both kinds are float32 without some of its bits, so nothing is rounded.</summary>
    private static void Widen(OrtValue output, TensorElementType type, Span<float> wide)
    {
        if (type == TensorElementType.Float16)
        {
            System.Numerics.Tensors.TensorPrimitives.ConvertToSingle(System.Runtime.InteropServices.MemoryMarshal.Cast<Float16, Half>(output.GetTensorDataAsSpan<Float16>()), wide);
            return;
        }
        ReadOnlySpan<BFloat16> values = output.GetTensorDataAsSpan<BFloat16>();
        for (int i = 0; i < values.Length; i++)
        {
            wide[i] = BitConverter.UInt32BitsToSingle((uint)values[i].value << 16);
        }
    }

    internal static OrtValue Empty(EmptyCache cache, int rows) =>
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

/// <summary>Size of a batch.</summary>
/// <param name="Rows">Texts.</param>
/// <param name="Columns">Tokens a text, padding included.</param>
public readonly record struct BatchShape(int Rows, int Columns);

/// <summary>Reads an output in place.</summary>
/// <param name="values">Row-major.</param>
/// <param name="shape">Sizes of its axes.</param>
public delegate T OutputReader<out T>(ReadOnlySpan<float> values, long[] shape);

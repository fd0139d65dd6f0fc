using Microsoft.ML.OnnxRuntime;
using Retrieval.OnnxRuntime;

namespace Retrieval.Encoder;

/// <summary>Which execution provider a session gets, and why.</summary>
internal static class ProviderChoice
{
    /// <summary>Whether a wanted provider is the processor from the start; auto is, in a build without another.</summary>
    public static bool IsProcessor(string wanted) => wanted == "cpu" || (wanted == "auto" && !EncoderSession.AvailableProviders.Contains(EncoderSession.CudaProvider));

    /// <summary>The processor in words, for people.</summary>
    public static string Processor(string wanted) => wanted == "cpu" ? "cpu (asked for)" : "cpu (this build has no CUDA provider)";

    /// <summary>Opens a graph on the wanted provider; auto takes CUDA when it loads.</summary>
    /// <param name="graph">ONNX file.</param>
    /// <param name="wanted">auto, cpu or cuda.</param>
    /// <param name="threads">Inside a run, on the processor.</param>
    /// <returns>The session, and for people what was taken and why.</returns>
    public static (EncoderSession Session, string Taken) Open(string graph, string wanted, int threads = 1)
    {
        if (IsProcessor(wanted))
        {
            return (OnCpu(graph, threads), Processor(wanted));
        }
        try
        {
            return (EncoderSession.Open(graph, 1, ExecutionProvider.Cuda), wanted == "cuda" ? "cuda (asked for)" : "cuda (it loads)");
        }
        catch (OnnxRuntimeException e) when (wanted == "auto")
        {
            return (OnCpu(graph, threads), $"cpu (CUDA does not load: {e.Message})");
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelFormatException(graph, $"cannot run on CUDA: {e.Message} Build with -p:Gpu=true and install the CUDA libraries, or set Encoder:Provider to cpu.", e);
        }
    }

    private static EncoderSession OnCpu(string graph, int threads)
    {
        try
        {
            return EncoderSession.Open(graph, threads, ExecutionProvider.Cpu);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelFormatException(graph, $"is refused by ONNX Runtime {EncoderSession.RuntimeVersion}: {e.Message}", e);
        }
    }
}

using System.Runtime.InteropServices;

namespace Retrieval.OnnxRuntime;

/// <summary>
/// ONNX Runtime's library keeps a device id in the user's cache folder and reports usage to its maker unless ORT_DISABLE_TELEMETRY is set before it loads.
/// Documents and habits stay on the machine: it is always set.
/// </summary>
internal static partial class UsageReports
{
    private const string Variable = "ORT_DISABLE_TELEMETRY";

    /// <summary>Call before anything of ONNX Runtime is touched.</summary>
    public static void TurnOff()
    {
        Environment.SetEnvironmentVariable(Variable, "1");
        if (!OperatingSystem.IsWindows())
        {
            // .NET keeps its own copy of the environment on Unix; the library asks the C library.
            _ = SetEnvironment(Variable, "1", 1);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}

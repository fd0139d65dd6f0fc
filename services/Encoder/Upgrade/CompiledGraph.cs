using System.Security.Cryptography;
using System.Text;
using Retrieval.Onnx;

namespace Retrieval.Encoder;

/// <summary>
/// A model's graph with its passes applied, kept in a folder under the hash of all that decides its bytes: source, passes, compiler. A file is
/// written under another name and renamed when it is whole, so that an end at any time leaves nothing that would be taken for one.
/// </summary>
/// <param name="Path">The ONNX file to open.</param>
/// <param name="Hash">Of source, passes and compiler; of the source alone where there are no passes.</param>
internal sealed record CompiledGraph(string Path, string Hash)
{
    // To be counted up whenever a pass computes something else than before.
    private const int Compiler = 1;

    // Protobuf ends at 2 GiB, graph included.
    private const long MostInside = 1_900_000_000;

    /// <summary>Finds or makes the graph.</summary>
    /// <param name="source">The model file.</param>
    /// <param name="sourceHash">SHA-256 over it and its external files.</param>
    /// <param name="passes">In order.</param>
    /// <param name="cache">Folder of compiled graphs; made when it is not there.</param>
    /// <exception cref="PassRefusedException">A pass does not apply.</exception>
    public static CompiledGraph Open(string source, string sourceHash, IReadOnlyList<UpgradePass> passes, string cache)
    {
        if (passes.Count == 0)
        {
            return new CompiledGraph(source, sourceHash);
        }
        string canonical = string.Join('\n', [$"compiler/{Compiler}", sourceHash, .. passes.Select(p => p.Key)]);
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical))), path = System.IO.Path.Combine(cache, hash + ".onnx");
        if (!File.Exists(path))
        {
            Write(passes.Aggregate(OnnxModel.Read(source), (model, pass) => pass.Apply(model)), path);
        }
        return new CompiledGraph(path, hash);
    }

    /// <summary>Under a name of this process first: two that start at once write the same bytes, and the later rename wins.</summary>
    private static void Write(OnnxModel model, string path)
    {
        string own = $"{path}.{Environment.ProcessId}", folder = Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!).FullName;
        try
        {
            if (model.WeightBytes < MostInside)
            {
                model.Write(own);
            }
            else
            {
                model.Write(own, System.IO.Path.GetFileName(System.IO.Path.ChangeExtension(path, ".onnx_data")));
            }
            File.Move(own, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(folder, $"cannot keep a compiled graph: {e.Message} Free some space, or name another folder with Encoder:CompiledFolder.", e);
        }
        finally
        {
            File.Delete(own);
        }
    }
}

using System.Security.Cryptography;
using System.Text;
using Retrieval.Onnx;
using Retrieval.OnnxRuntime;

namespace Retrieval.Encoder;

/// <summary>
/// A model's graph with its passes applied, kept in a folder under the hash of all that decides its bytes: source, passes, compiler. A file is
/// written under another name and renamed when it is whole, so that an end at any time leaves nothing that would be taken for one.
/// </summary>
/// <param name="Path">The ONNX file to open.</param>
/// <param name="Hash">Of source, passes and compiler.</param>
internal sealed record CompiledGraph(string Path, string Hash)
{
    // To be counted up whenever a pass computes something else than before.
    private const int Compiler = 1;

    // Protobuf ends at 2 GiB, graph included.
    private const long MostInside = 1_900_000_000;

    /// <summary>
    /// Opens a session on the graph, which is made when it is not there. A link beside it remembers what a source gave: while no file of the source has
    /// another size or time of change, it is not read again, since reading and hashing would take half as long as opening.
    /// </summary>
    /// <param name="folder">What the model's files say.</param>
    /// <param name="passes">In order, at least one.</param>
    /// <param name="options">Provider, and folder of compiled graphs; made when it is not there.</param>
    /// <exception cref="PassRefusedException">A pass does not apply.</exception>
    public static (CompiledGraph Graph, EncoderSession Session, string Taken) Open(ModelFolder folder, IReadOnlyList<UpgradePass> passes, EncoderOptions options)
    {
        string link = System.IO.Path.Combine(options.CompiledFolder, Digest([$"link/{Compiler}", System.IO.Path.GetFullPath(folder.Graph), Texts(folder, passes), .. passes.Select(p => p.Key)]) + ".link");
        if (CompiledLink.Read(link) is { } known && Try(System.IO.Path.Combine(options.CompiledFolder, known + ".onnx"), options.Provider) is { } opened)
        {
            return (new CompiledGraph(System.IO.Path.Combine(options.CompiledFolder, known + ".onnx"), known), opened.Session, opened.Taken);
        }
        OnnxModelInfo source = OnnxModelInfo.Read(folder.Graph);
        CompiledGraph graph = Find(folder, source.Hash, passes, options.CompiledFolder);
        if (Try(graph.Path, options.Provider) is not { } found) // kept damaged: made again, and what is still refused is an error
        {
            graph = Find(folder, source.Hash, passes, options.CompiledFolder);
            found = ProviderChoice.Open(graph.Path, options.Provider);
        }
        CompiledLink.Write(link, graph.Hash, [source.File, .. source.ExternalFiles]);
        return (graph, found.Session, found.Taken);
    }

    /// <summary>A compiled file that the runtime refuses was cut or changed by somebody: it goes, and null says so.</summary>
    private static (EncoderSession Session, string Taken)? Try(string path, string provider)
    {
        try
        {
            return File.Exists(path) ? ProviderChoice.Open(path, provider) : null;
        }
        catch (ModelFormatException)
        {
            File.Delete(path);
            return null;
        }
    }

    /// <summary>Finds or makes the graph.</summary>
    /// <param name="folder">What the model's files say.</param>
    /// <param name="sourceHash">Of its ONNX file.</param>
    /// <param name="passes">In order.</param>
    /// <param name="cache">Folder of compiled graphs.</param>
    public static CompiledGraph Find(ModelFolder folder, string sourceHash, IReadOnlyList<UpgradePass> passes, string cache)
    {
        string hash = Digest([$"compiler/{Compiler}", sourceHash, Texts(folder, passes), .. passes.Select(p => p.Key)]), path = System.IO.Path.Combine(cache, hash + ".onnx");
        if (!File.Exists(path))
        {
            Write(passes.Aggregate(OnnxModel.Read(folder.Graph), (model, pass) => pass.Apply(model, folder)), path);
        }
        return new CompiledGraph(path, hash);
    }

    /// <summary>Texts are calibrated on as the tokenizer cuts them.</summary>
    private static string Texts(ModelFolder folder, IReadOnlyList<UpgradePass> passes) => passes.Any(p => p.IsInt8) ? $"{UpgradePass.HashOf(folder.Tokenizer)} {folder.MaxTokens}" : "";

    private static string Digest(IEnumerable<string> lines) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));

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

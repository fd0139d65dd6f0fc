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
/// <param name="Hash">Of source, passes and compiler; of the source alone where there are no passes.</param>
internal sealed record CompiledGraph(string Path, string Hash)
{
    // To be counted up whenever a pass computes something else than before.
    private const int Compiler = 1;

    // Protobuf ends at 2 GiB, graph included.
    private const long MostInside = 1_900_000_000;

    /// <summary>
    /// Opens a session on the graph, which is made when it is not there. Hashing a model takes a fifth of the time that the runtime takes to open it:
    /// both go on at once, on the file that the same source and passes gave last time, and what was opened is thrown away should the hash say otherwise.
    /// </summary>
    /// <param name="folder">What the model's files say.</param>
    /// <param name="source">Its ONNX file.</param>
    /// <param name="passes">In order.</param>
    /// <param name="options">Provider, and folder of compiled graphs; made when it is not there.</param>
    /// <exception cref="PassRefusedException">A pass does not apply.</exception>
    public static (CompiledGraph Graph, EncoderSession Session, string Taken) Open(ModelFolder folder, OnnxModelInfo source, IReadOnlyList<UpgradePass> passes, EncoderOptions options)
    {
        Task<string> hash = Task.Run(() => source.Hash);
        string link = System.IO.Path.Combine(options.CompiledFolder, Digest([$"link/{Compiler}", System.IO.Path.GetFullPath(source.File), .. passes.Select(p => p.Key)]) + ".link");
        string? likely = passes.Count == 0 ? source.File : File.Exists(link) ? System.IO.Path.Combine(options.CompiledFolder, File.ReadAllText(link)) : null;
        (EncoderSession Session, string Taken)? opened = passes.Count == 0 ? ProviderChoice.Open(source.File, options.Provider) : Try(likely, options.Provider);
        try
        {
            string sourceHash = hash.GetAwaiter().GetResult();
            CompiledGraph graph = Find(folder, sourceHash, passes, options.CompiledFolder);
            if (opened is null || likely != graph.Path)
            {
                opened?.Session.Dispose();
                opened = Try(graph.Path, options.Provider);
                if (opened is null) // kept damaged: made again, and what is still refused is an error
                {
                    graph = Find(folder, sourceHash, passes, options.CompiledFolder);
                    opened = ProviderChoice.Open(graph.Path, options.Provider);
                }
                File.WriteAllText(link, System.IO.Path.GetFileName(graph.Path));
            }
            return (graph, opened.Value.Session, opened.Value.Taken);
        }
        catch
        {
            opened?.Session.Dispose();
            throw;
        }
    }

    /// <summary>A compiled file that the runtime refuses was cut or changed by somebody: it goes, and null says so.</summary>
    private static (EncoderSession, string)? Try(string? path, string provider)
    {
        try
        {
            return path is not null && File.Exists(path) ? ProviderChoice.Open(path, provider) : null;
        }
        catch (ModelFormatException)
        {
            File.Delete(path!);
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
        if (passes.Count == 0)
        {
            return new CompiledGraph(folder.Graph, sourceHash);
        }
        // Texts are calibrated on as the tokenizer cuts them.
        string texts = passes.Any(p => p.IsInt8) ? $"{UpgradePass.HashOf(folder.Tokenizer)} {folder.MaxTokens}" : "";
        string hash = Digest([$"compiler/{Compiler}", sourceHash, texts, .. passes.Select(p => p.Key)]), path = System.IO.Path.Combine(cache, hash + ".onnx");
        if (!File.Exists(path))
        {
            Write(passes.Aggregate(OnnxModel.Read(folder.Graph), (model, pass) => pass.Apply(model, folder)), path);
        }
        return new CompiledGraph(path, hash);
    }

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

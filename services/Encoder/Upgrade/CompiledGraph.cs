using System.Security.Cryptography;
using System.Text;
using Retrieval.Onnx;
using Retrieval.OnnxRuntime;

namespace Retrieval.Encoder;

/// <summary>A model's graph with its passes applied, kept in a folder under the hash of all that decides its bytes: source, passes, compiler.</summary>
/// <param name="Path">The ONNX file to open.</param>
/// <param name="Hash">Of source, passes and compiler.</param>
internal sealed record CompiledGraph(string Path, string Hash)
{
    // To be counted up whenever a pass computes something else than before.
    private const int Compiler = 1;

    // Protobuf ends at 2 GiB, graph included.
    private const long MostInside = 1_900_000_000;

    /// <summary>
    /// Opens a session on the graph, which is made when it is not there. A link remembers what a source gave: while the runtime opens that graph, both the
    /// graph and the source are read and compared with what they held then, since a changed byte of either must not pass.
    /// </summary>
    /// <param name="folder">What the model's files say.</param>
    /// <param name="passes">In order, at least one.</param>
    /// <param name="options">Provider, and folder of compiled graphs; made when it is not there.</param>
    /// <exception cref="PassRefusedException">A pass does not apply.</exception>
    public static (CompiledGraph Graph, EncoderSession Session, string Taken) Open(ModelFolder folder, IReadOnlyList<UpgradePass> passes, EncoderOptions options)
    {
        CompiledFolder cache = new(options.CompiledFolder);
        string link = Digest([$"link/{Compiler}", System.IO.Path.GetFullPath(folder.Graph), Texts(folder, passes), .. passes.Select(p => p.Key)]);
        if (OpenLinked(cache, link, options.Provider) is { } known)
        {
            return known;
        }
        OnnxModelInfo source = OnnxModelInfo.Read(folder.Graph);
        string[] files = [.. ((string[])[source.File, .. source.ExternalFiles]).Select(System.IO.Path.GetFullPath)], held = ContentCheck.Lines("", files);
        CompiledGraph graph = Find(folder, source.Hash, passes, options.CompiledFolder);
        if (!ContentCheck.Holds("", held))
        {
            cache.Forget(graph.Hash);
            throw new ModelFormatException(source.File, "changed while it was compiled. Start again when it is whole.");
        }
        (EncoderSession session, string taken) = OpenNew(cache, graph, source.File, options.Provider);
        cache.Link(link, graph.Hash, held);
        return (graph, session, taken);
    }

    private static (EncoderSession Session, string Taken) OpenNew(CompiledFolder cache, CompiledGraph graph, string source, string provider)
    {
        try
        {
            return ProviderChoice.Open(graph.Path, provider);
        }
        catch (ModelFormatException e)
        {
            cache.Forget(graph.Hash);
            throw new ModelFormatException(source, $"cannot be served with these passes: {e.Message}", e);
        }
    }

    private static (CompiledGraph Graph, EncoderSession Session, string Taken)? OpenLinked(CompiledFolder cache, string link, string provider)
    {
        if (cache.Linked(link) is not ({ } hash, { } source) || !File.Exists(cache.Graph(hash)))
        {
            return null;
        }
        Task<bool> isSame = Task.Run(() => ContentCheck.Holds("", source) && cache.Has(hash));
        EncoderSession? session = null;
        string taken = "";
        try
        {
            (session, taken) = ProviderChoice.Open(cache.Graph(hash), provider);
        }
        catch (ModelFormatException)
        {
            // Damaged: it is made again, and what is still refused then is an error.
        }
        if (isSame.GetAwaiter().GetResult() && session is not null)
        {
            return (new CompiledGraph(cache.Graph(hash), hash), session, taken);
        }
        session?.Dispose();
        return null;
    }

    /// <summary>Finds or makes the graph.</summary>
    /// <param name="folder">What the model's files say.</param>
    /// <param name="sourceHash">Of its ONNX file.</param>
    /// <param name="passes">In order.</param>
    /// <param name="cache">Folder of compiled graphs.</param>
    public static CompiledGraph Find(ModelFolder folder, string sourceHash, IReadOnlyList<UpgradePass> passes, string cache)
    {
        CompiledFolder compiled = new(cache);
        string hash = Digest([$"compiler/{Compiler}", sourceHash, Texts(folder, passes), .. passes.Select(p => p.Key)]);
        if (!compiled.Has(hash))
        {
            Write(passes.Aggregate(OnnxModel.Read(folder.Graph), (model, pass) => pass.Apply(model, folder)), compiled, hash);
        }
        return new CompiledGraph(compiled.Graph(hash), hash);
    }

    /// <summary>Texts are calibrated on as the tokenizer cuts them.</summary>
    private static string Texts(ModelFolder folder, IReadOnlyList<UpgradePass> passes) => passes.Any(p => p.IsInt8) ? $"{UpgradePass.HashOf(folder.Tokenizer)} {folder.MaxTokens}" : "";

    private static string Digest(IEnumerable<string> lines) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));

    /// <summary>Two processes that start at once write the same bytes, and the later rename wins.</summary>
    private static void Write(OnnxModel model, CompiledFolder cache, string hash)
    {
        string path = cache.Graph(hash);
        try
        {
            cache.Prepare();
            if (model.WeightBytes < MostInside)
            {
                model.Write(path);
            }
            else
            {
                model.Write(path, System.IO.Path.GetFileName(System.IO.Path.ChangeExtension(path, ".onnx_data")));
            }
            cache.Keep(hash);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(System.IO.Path.GetDirectoryName(path)!, $"cannot keep a compiled graph: {e.Message} Free some space, or name another folder with Encoder:CompiledFolder.", e);
        }
    }
}

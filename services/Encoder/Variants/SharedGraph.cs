using Microsoft.ML.OnnxRuntime;
using Retrieval.Onnx;
using Retrieval.OnnxRuntime;

namespace Retrieval.Encoder;

/// <summary>
/// A model's graph whose weights lie in a file of their own: graphs that passes cut from it run over the same copy in memory (2D Matryoshka exits,
/// arXiv 2402.14776). On the processor alone. Must outlive the sessions that it opened.
/// </summary>
internal sealed class SharedGraph : IDisposable
{
    private const string Graph = "graph.onnx", Weights = "graph.weights", Check = "graph.sha256";
    private readonly OnnxModel _model;
    private readonly SharedWeights _weights;
    private readonly string _provider;
    private readonly string _folder;

    private SharedGraph(OnnxModel model, string folder, string hash, string provider)
    {
        (_model, _provider, Hash, _folder) = (model, provider, hash, folder);
        _weights = new SharedWeights(Path.Combine(folder, Weights), model.LargeWeights.Select(w => new SharedWeight(w.Name, w.ElementType, w.Shape, w.Place.Offset, w.Place.Length)));
    }

    /// <summary>Of source, passes and compiler: the same as of the graph in one file.</summary>
    public string Hash { get; }

    /// <summary>Opens the weights of a folder's graph with passes applied; the files are made when they are not there, or are damaged.</summary>
    /// <param name="folder">What the model's files say.</param>
    /// <param name="passes">Over its graph.</param>
    /// <param name="options">Provider, and folder of compiled graphs.</param>
    /// <exception cref="PassRefusedException">A pass does not apply.</exception>
    /// <exception cref="ModelFormatException">There is no room for the files.</exception>
    public static SharedGraph Open(ModelFolder folder, IReadOnlyList<UpgradePass> passes, EncoderOptions options)
    {
        string source = OnnxModelInfo.Read(folder.Graph).Hash;
        CompiledGraph graph = passes.Count == 0 ? new CompiledGraph(folder.Graph, source) : CompiledGraph.Find(folder, source, passes, options.CompiledFolder);
        string apart = Path.Combine(options.CompiledFolder, graph.Hash + ".shared");
        OnnxModel model = Read(apart) ?? Write(graph, apart);
        return new SharedGraph(model, apart, graph.Hash, ProviderChoice.Processor(options.Provider));
    }

    /// <summary>Opens a session on the graph, or on what passes make of it.</summary>
    /// <param name="folder">What the model's files say.</param>
    /// <param name="before">Passes that are in the graph already.</param>
    /// <param name="passes">Further ones.</param>
    /// <exception cref="PassRefusedException">A pass does not apply.</exception>
    public OpenedGraph Open(ModelFolder folder, IReadOnlyList<UpgradePass> before, IReadOnlyList<UpgradePass> passes)
    {
        OnnxModel model = passes.Aggregate(_model, (m, pass) => pass.Apply(m, folder));
        GraphPorts ports = GraphPorts.Of(folder, model.Inputs, model.Outputs, [.. before, .. passes]);
        try
        {
            byte[] graph = model.ToGraph();
            string file = Path.Combine(_folder, Graph);
            GraphSource source = new(file, passes.Count > 0 ? graph.Length : new FileInfo(file).Length + new FileInfo(Path.Combine(_folder, Weights)).Length, threads => EncoderSession.Open(model.ToGraph(), _weights, threads));
            return new OpenedGraph(EncoderSession.Open(graph, _weights, 1), _provider, Hash, ports, source);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelFormatException(folder.Graph, $"with {string.Join(", ", passes.Select(p => p.Name))} is refused by ONNX Runtime {EncoderSession.RuntimeVersion}: {e.Message}", e);
        }
    }

    /// <summary>Lets go of the pages that opening read, once all sessions are open.</summary>
    public void Trim() => _weights.Trim();

    /// <inheritdoc/>
    public void Dispose() => _weights.Dispose();

    /// <summary>What is there, byte for byte as it was written; what was cut or changed goes, and null says so.</summary>
    private static OnnxModel? Read(string folder)
    {
        string graph = Path.Combine(folder, Graph), check = Path.Combine(folder, Check);
        try
        {
            if (File.Exists(check) && File.ReadAllText(check) == OnnxModelInfo.Read(graph).Hash)
            {
                return OnnxModel.Read(graph);
            }
        }
        catch (OnnxFormatException)
        {
        }
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, true);
        }
        return null;
    }

    /// <summary>In a folder of this process first, which takes its name when it is whole.</summary>
    private static OnnxModel Write(CompiledGraph graph, string folder)
    {
        string own = $"{folder}.{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(own);
            OnnxModel.Read(graph.Path).Write(Path.Combine(own, Graph), Weights);
            File.WriteAllText(Path.Combine(own, Check), OnnxModelInfo.Read(Path.Combine(own, Graph)).Hash);
            Move(own, folder);
            return OnnxModel.Read(Path.Combine(folder, Graph));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(folder, $"cannot keep the weights that tiers share: {e.Message} Free some space, or name another folder with Encoder:CompiledFolder.", e);
        }
        finally
        {
            if (Directory.Exists(own))
            {
                Directory.Delete(own, true);
            }
        }
    }

    /// <summary>Another process that started at once wrote the same bytes.</summary>
    private static void Move(string own, string folder)
    {
        try
        {
            Directory.Move(own, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
        }
    }
}

using Retrieval.Contracts;
using Retrieval.Onnx;
using Retrieval.OnnxRuntime;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>A loaded model: texts' tokens to vectors.</summary>
internal sealed class EncoderModel : IDisposable
{
    private const string KnownText = "ready?";

    private readonly ModelFolder _folder;
    private readonly OnnxModelInfo _graph;
    private readonly string _provider;
    private readonly string _output;
    private readonly int _width;
    private readonly bool _perText;
    private readonly IReadOnlyList<EmptyCache> _caches;
    private readonly string[] _inputs;
    private readonly Encoding _known;
    private EncoderSession _session;
    private int _threads = 1;

    private EncoderModel(string name, ModelFolder folder, Tokenizer tokenizer, OpenedGraph opened, GraphPorts ports, VectorSpace space)
    {
        (Name, _folder, Tokenizer, _session, (_output, _width, _caches)) = (name, folder, tokenizer, opened.Session, ports);
        (_graph, _provider, _perText) = (opened.Info, opened.Provider, ports.PerText);
        GivesUnitLength = folder.Steps is [.., UnitLength];
        _inputs = [.. _session.Inputs.Except(_caches.Select(c => c.Name))];
        _known = tokenizer.Encode(KnownText, true, space.MaxTokens);
        Description = new EncoderDescription
        {
            Model = name, Kind = folder.Kind, Labels = folder.Labels, Space = space, QueryPrompt = folder.QueryPrompt, Prompts = [.. folder.Prompts.Keys], DefaultPrompt = folder.DefaultPrompt,
            Prefixes = folder.Prefixes.Lengths, AnyPrefix = folder.Prefixes.Any, SpecialTokens = tokenizer.SpecialTokens, Provider = opened.Taken,
        };
    }

    /// <summary>Name in requests.</summary>
    public string Name { get; }

    /// <summary>What callers need to know.</summary>
    public EncoderDescription Description { get; }

    /// <summary>Of its tokenizer.json.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>What its files say.</summary>
    public ModelFolder Folder => _folder;

    /// <summary>Numbers of a token's state.</summary>
    public int StateWidth => _width;

    /// <summary>A text's vector has unit length.</summary>
    public bool GivesUnitLength { get; }

    /// <summary>tokenizer.json itself, for roles in other processes.</summary>
    public string TokenizerFile => _folder.Tokenizer;

    /// <summary>Opens the graph of a folder, with passes where there are some, and makes sure that both fit.</summary>
    /// <param name="name">In requests.</param>
    /// <param name="folder">What its files say.</param>
    /// <param name="passes">Over its graph.</param>
    /// <param name="maxTokens">Null: what the folder says.</param>
    /// <param name="options">Provider and folder of compiled graphs.</param>
    /// <exception cref="ModelFormatException">Which file, what is wrong, the way out.</exception>
    public static EncoderModel Open(string name, ModelFolder folder, IReadOnlyList<UpgradePass> passes, int? maxTokens, EncoderOptions options)
    {
        OnnxModelInfo? plain = passes.Count == 0 ? OnnxModelInfo.Read(folder.Graph) : null;
        (CompiledGraph graph, EncoderSession session, string taken) = plain is null ? CompiledGraph.Open(folder, passes, options) : Plain(plain, options);
        try
        {
            OnnxModelInfo info = plain ?? OnnxModelInfo.Read(graph.Path);
            GraphPorts ports = GraphPorts.Of(folder, info);
            Tokenizer tokenizer = Tokenizer.Load(folder.Tokenizer);
            VectorSpace space = Space(folder, graph.Hash, tokenizer, maxTokens, ports.Width) with { Layer = passes.LastOrDefault(p => p.Layer is not null)?.Layer };
            RequireRoomBehindPrompt(folder, tokenizer, space);
            return new EncoderModel(name, folder, tokenizer, new OpenedGraph(info, session, taken, options.Provider), ports, space);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private static (CompiledGraph, EncoderSession, string) Plain(OnnxModelInfo source, EncoderOptions options)
    {
        (EncoderSession session, string taken) = ProviderChoice.Open(source.File, options.Provider);
        return (new CompiledGraph(source.File, source.Hash), session, taken);
    }

    private static void RequireRoomBehindPrompt(ModelFolder folder, Tokenizer tokenizer, VectorSpace space)
    {
        int prompt = folder.Instruction == InstructionMask.None ? 0 : Math.Max(tokenizer.Encode(folder.QueryPrompt, true, null).Ids.Length, tokenizer.Encode(folder.DocumentPrompt, true, null).Ids.Length);
        if (prompt >= space.MaxTokens)
        {
            throw new ModelFormatException(folder.Path, $"has a prompt of {prompt} tokens, which leaves none of its {space.MaxTokens} to a text. Shorten the prompt.");
        }
    }

    /// <summary>First tokens of a text behind a prompt that are not pooled: of the prompt, as the authors or as strictly as one would.</summary>
    public int LeftOut(string prompt) => (_folder.Instruction, prompt) switch
    {
        (InstructionMask.None, _) or (_, "") => 0,
        (InstructionMask.Official, _) => Tokens(prompt),
        _ => Tokens(prompt) + 1,
    };

    /// <summary>Of a prompt alone, as the authors count it: without what begins and ends a text.</summary>
    private int Tokens(string prompt) => Tokenizer.Encode(prompt, false, null).Ids.Length;

    /// <summary>The ONNX file that runs.</summary>
    public string GraphFile => _graph.File;

    /// <summary>Name of the token states among its outputs.</summary>
    public string Output => _output;

    /// <summary>It runs on a GPU.</summary>
    public bool IsGpu => _session.Provider == ExecutionProvider.Cuda;

    /// <summary>Bytes of its graph and weights.</summary>
    public long Bytes => ((string[])[_graph.File, .. _graph.ExternalFiles]).Sum(f => new FileInfo(f).Length);

    /// <summary>A short text that every model can run, to see whether it still runs at all.</summary>
    public TextWork Known() => new(_known, false, 0, CancellationToken.None);

    /// <summary>A text of so many tokens, for measurements.</summary>
    public TextWork Known(int tokens) => new(Tokenizer.Encode(string.Concat(Enumerable.Repeat(KnownText + ' ', tokens)), true, tokens), false, 0, CancellationToken.None);

    /// <summary>Gives the session so many threads inside its runs; only while no run is under way.</summary>
    public void OpenThreads(int threads)
    {
        if (threads != _threads)
        {
            EncoderSession other = ProviderChoice.Open(_graph.File, _provider, threads).Session;
            _session.Dispose();
            (_session, _threads) = (other, threads);
        }
    }

    /// <summary>Runs a batch and settles its texts; when it throws, none is settled.</summary>
    public void Run(List<TextWork> batch, BatchBuffers buffers)
    {
        int columns = batch.Max(t => t.Length);
        buffers.Fill(batch, columns);
        (string, long[])[] inputs = new (string, long[])[_inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = (_inputs[i], buffers.Of(_inputs[i]));
        }
        BatchShape shape = new(batch.Count, columns);
        float[][] Vectors(ReadOnlySpan<float> states, long[] _) => Read(batch, states, columns);
        float[][] results = IsGpu ? (buffers.Bound ??= _session.Bind()).Run(inputs, _caches, shape, _output, Vectors) : _session.Run(inputs, _caches, shape, _output, Vectors);
        for (int row = 0; row < batch.Count; row++)
        {
            batch[row].Settle(results[row], null);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private float[][] Read(List<TextWork> batch, ReadOnlySpan<float> states, int columns)
    {
        float[][] results = new float[batch.Count][];
        for (int row = 0; row < results.Length; row++)
        {
            if (_perText)
            {
                results[row] = states.Slice(row * _width, _width).ToArray();
                continue;
            }
            ReadOnlySpan<float> own = states.Slice(row * columns * _width, batch[row].Length * _width);
            results[row] = batch[row].WantsTokens ? TokenVectors(batch[row], own) : TextVector(own[(batch[row].LeftOut * _width)..], batch[row].Length - batch[row].LeftOut, batch[row].Normalize);
        }
        return results;
    }

    private float[] TextVector(ReadOnlySpan<float> states, int tokens, bool? normalize)
    {
        float[] vector = new float[_width];
        Pooling.Pool(_folder.PoolingMode, states, tokens, vector);
        int left = normalize == false && GivesUnitLength ? 1 : 0;
        for (int i = 0; i < _folder.Steps.Count - left; i++)
        {
            vector = _folder.Steps[i].Apply(vector);
        }
        return normalize == true && !GivesUnitLength ? UnitLength.Instance.Apply(vector) : vector;
    }

    /// <summary>Late interaction compares directions: token vectors have unit length whatever the text vector has.</summary>
    private float[] TokenVectors(TextWork text, ReadOnlySpan<float> states)
    {
        if (text.States)
        {
            return states.ToArray();
        }
        List<float> vectors = new(text.Length * Description.Space.Dimensions);
        for (int i = 0; i < text.Length; i++)
        {
            if (!text.Tokens!.IsSpecial[i])
            {
                vectors.AddRange(UnitLength.Instance.Apply(_folder.Steps.Aggregate(states.Slice(i * _width, _width).ToArray(), (v, step) => step.Apply(v))));
            }
        }
        return [.. vectors];
    }

    private static VectorSpace Space(ModelFolder folder, string weights, Tokenizer tokenizer, int? maxTokens, int width)
    {
        if (maxTokens > folder.MaxTokens)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Encoder:Models MaxTokens {maxTokens} is more than the model in {folder.Path} reads.", "MaxTokens", $"{maxTokens}", $"{folder.MaxTokens}", "Lower it, or leave it out.");
        }
        return new VectorSpace
        {
            Weights = weights,
            Tokenizer = tokenizer.Hash,
            DocumentTemplate = folder.DocumentTemplate,
            MaxTokens = maxTokens ?? folder.MaxTokens,
            Dimensions = folder.Steps.Aggregate(width, (inputs, step) => step.Outputs(inputs)),
            Pooling = folder.Instruction == InstructionMask.None ? folder.PoolingMode : $"{folder.PoolingMode}-{folder.Instruction}".ToLowerInvariant(),
            PostProcessing = [.. folder.Steps.Select(s => s.Id)],
        };
    }
}

/// <summary>A graph with its session.</summary>
/// <param name="Info">Of the file that was opened.</param>
/// <param name="Session">On it.</param>
/// <param name="Taken">Which provider, and why.</param>
/// <param name="Provider">That was asked for.</param>
internal sealed record OpenedGraph(OnnxModelInfo Info, EncoderSession Session, string Taken, string Provider);

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
    private readonly GraphSource _source;
    private readonly GraphPorts _ports;
    private readonly int _width;
    private readonly string[] _inputs;
    private readonly bool _poolsText;
    private readonly Placeholder? _placeholder;
    private readonly Encoding _known;
    private EncoderSession _session;
    private int _threads = 1;

    /// <summary>Makes a model of a graph and what belongs to it; makes sure that both fit.</summary>
    /// <exception cref="ModelFormatException">Which file, what is wrong, the way out.</exception>
    public EncoderModel(ModelParts parts, OpenedGraph graph)
    {
        (Name, _folder, Tokenizer) = (parts.Name, parts.Folder, parts.Tokenizer);
        (_session, _source, _ports, _width, _poolsText) = (graph.Session, graph.Source, graph.Ports, graph.Ports.Width, parts.PoolsText);
        _inputs = [.. _session.Inputs.Except(_ports.Caches.Select(c => c.Name))];
        _placeholder = parts.Passes.LastOrDefault(p => p.Placeholder is not null)?.Placeholder is { } token ? Placeholder.Of(token, Tokenizer, _folder.Path) : null;
        VectorSpace space = parts.Space(graph.Hash, _width);
        Identity = parts.Identity(space);
        _known = Tokenizer.Encode(KnownText, true, space.MaxTokens);
        Description = new EncoderDescription
        {
            Model = Name, Kind = _folder.Kind, Labels = _folder.Labels, Space = space, QueryPrompt = TemplateOf(InputKind.Query).Before, Prompts = [.. _folder.Prompts.Keys], DefaultPrompt = _folder.DefaultPrompt,
            Prefixes = _folder.Prefixes.Lengths, AnyPrefix = _folder.Prefixes.Any, SpecialTokens = Tokenizer.SpecialTokens, Provider = graph.Provider,
        };
    }

    /// <summary>Name in requests.</summary>
    public string Name { get; }

    /// <summary>What callers need to know.</summary>
    public EncoderDescription Description { get; }

    /// <summary>Of its tokenizer.json.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Names everything that turns tokens into its vectors.</summary>
    public string Identity { get; }

    /// <summary>What its files say.</summary>
    public ModelFolder Folder => _folder;

    /// <summary>Numbers of a token's state.</summary>
    public int StateWidth => _width;

    /// <summary>A text's vector has unit length.</summary>
    public bool GivesUnitLength => _folder.Steps is [.., UnitLength];

    /// <summary>tokenizer.json itself, for roles in other processes.</summary>
    public string TokenizerFile => _folder.Tokenizer;

    /// <summary>The ONNX file that runs, or that it was cut from.</summary>
    public string GraphFile => _source.File;

    /// <summary>Name of the token states among its outputs.</summary>
    public string Output => _ports.Output;

    /// <summary>It runs on a GPU.</summary>
    public bool IsGpu => _session.Provider == ExecutionProvider.Cuda;

    /// <summary>Bytes of its graph and weights, less weights that another model has in memory for it.</summary>
    public long Bytes => _source.Bytes;

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
            GraphPorts ports = GraphPorts.Of(folder, info.Inputs, info.Outputs, passes);
            return new EncoderModel(new ModelParts(name, folder, passes, Tokenizer.Load(folder.Tokenizer), maxTokens), new OpenedGraph(session, taken, graph.Hash, ports, GraphSource.Of(info, options.Provider)));
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

    /// <summary>Refuses a template that leaves no room to a text, or lacks the placeholder that the graph works on.</summary>
    /// <exception cref="ModelFormatException">Which, and the way out.</exception>
    public void Require(TextTemplate template, string file)
    {
        bool isWhole = template.After.Length > 0 || _folder.Instruction != InstructionMask.None;
        int taken = isWhole ? Tokenizer.Encode(template.Around(""), true, null).Ids.Length : 0;
        if (taken >= Description.Space.MaxTokens)
        {
            throw new ModelFormatException(file, $"has a prompt of {taken} tokens, which leaves none of its {Description.Space.MaxTokens} to a text. Shorten the prompt.");
        }
        if (_folder.Instruction != InstructionMask.None && template.After.Length > 0)
        {
            throw new ModelFormatException(file, $"leaves an instruction out of the mean, but has a template with words behind the text, '{template.After}', which would be in it. Leave out 'instruction', or put all words before {TextTemplate.Text}.");
        }
        _placeholder?.Require(template, file);
    }

    /// <summary>What stands around a text of a kind, unless the query variant says another.</summary>
    public TextTemplate TemplateOf(InputKind kind) => _folder.TemplateOf(kind);

    /// <summary>Whether the graph looks for a token of the template.</summary>
    public bool HasPlaceholder(TextTemplate template) => _placeholder is not null && template.Before.Contains(_placeholder.Token, StringComparison.Ordinal);

    /// <summary>Column of the placeholder among a text's tokens; -1 where there is none.</summary>
    public int Column(TextTemplate template, Encoding tokens) => _placeholder?.Column(template, tokens) ?? -1;

    /// <summary>First tokens of a text behind a prompt that are not pooled: of the prompt, as the authors or as strictly as one would.</summary>
    public int LeftOut(TextTemplate template) => (_folder.Instruction, template.Before) switch
    {
        (InstructionMask.None, _) or (_, "") => 0,
        (InstructionMask.Official, var prompt) => Tokens(prompt),
        (_, var prompt) => Tokens(prompt) + 1,
    };

    /// <summary>Of a prompt alone, as the authors count it: without what begins and ends a text.</summary>
    private int Tokens(string prompt) => Tokenizer.Encode(prompt, false, null).Ids.Length;

    /// <summary>Refuses token vectors of a graph that pools.</summary>
    /// <exception cref="RetrievalException">Invalid.</exception>
    public void RequireTokens()
    {
        if (_poolsText)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Model {Name} pools inside its graph, so that it gives no vector for a token.", "model", Name, help: "Ask for the vectors of texts, or name another model.");
        }
    }

    /// <summary>A short text that every model can run, to see whether it still runs at all.</summary>
    public TextWork Known() => new(_known, false, 0, CancellationToken.None);

    /// <summary>A text of so many tokens, for measurements.</summary>
    public TextWork Known(int tokens) => new(Tokenizer.Encode(string.Concat(Enumerable.Repeat(KnownText + ' ', tokens)), true, tokens), false, 0, CancellationToken.None);

    /// <summary>Gives the session so many threads inside its runs; only while no run is under way.</summary>
    public void OpenThreads(int threads)
    {
        if (threads != _threads)
        {
            EncoderSession other = _source.Open(threads);
            _session.Dispose();
            (_session, _threads) = (other, threads);
        }
    }

    /// <summary>Runs a batch and settles its texts; when it throws, none is settled.</summary>
    public void Run(List<TextWork> batch, BatchBuffers buffers)
    {
        int columns = batch.Max(t => t.Length);
        buffers.Fill(batch, columns);
        if (_placeholder is not null)
        {
            buffers.FillPlaceholders(batch, columns);
        }
        (string, long[])[] inputs = new (string, long[])[_inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = (_inputs[i], buffers.Of(_inputs[i]));
        }
        BatchShape shape = new(batch.Count, columns);
        float[][] Vectors(ReadOnlySpan<float> states, long[] _) => Read(batch, states, columns);
        float[][] results = IsGpu ? (buffers.Bound ??= _session.Bind()).Run(inputs, _ports.Caches, shape, _ports.Output, Vectors) : _session.Run(inputs, _ports.Caches, shape, _ports.Output, Vectors);
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
            if (_ports.PerText)
            {
                float[] own = states.Slice(row * _width, _width).ToArray();
                results[row] = _poolsText ? Finished(own, batch[row].Normalize) : own;
                continue;
            }
            ReadOnlySpan<float> tokens = states.Slice(row * columns * _width, batch[row].Length * _width);
            results[row] = batch[row].Parts is { } parts ? PartVectors(batch[row], parts, tokens) : batch[row].WantsTokens ? TokenVectors(batch[row], tokens) : TextVector(tokens[(batch[row].LeftOut * _width)..], batch[row].Length - batch[row].LeftOut, batch[row].Normalize);
        }
        return results;
    }

    private float[] PartVectors(TextWork text, IReadOnlyList<(int First, int End)> parts, ReadOnlySpan<float> states)
    {
        List<float> vectors = new(parts.Count * Description.Space.Dimensions);
        foreach ((int start, int end) in parts)
        {
            int first = Math.Max(start, text.LeftOut);
            vectors.AddRange(TextVector(states[(first * _width)..(end * _width)], end - first, text.Normalize));
        }
        return [.. vectors];
    }

    private float[] TextVector(ReadOnlySpan<float> states, int tokens, bool? normalize)
    {
        float[] vector = new float[_width];
        Pooling.Pool(_folder.PoolingMode, states, tokens, vector);
        return Finished(vector, normalize);
    }

    private float[] Finished(float[] vector, bool? normalize)
    {
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
}

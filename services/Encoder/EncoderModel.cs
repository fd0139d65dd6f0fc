using Retrieval.Contracts;
using Retrieval.Onnx;
using Retrieval.OnnxRuntime;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>A graph that is open.</summary>
/// <param name="Session">Runs it.</param>
/// <param name="Provider">Where, and why there.</param>
/// <param name="Hash">Of all that decides its bytes.</param>
/// <param name="Ports">What it takes and gives.</param>
internal sealed record OpenedGraph(EncoderSession Session, string Provider, string Hash, GraphPorts Ports);

/// <summary>What belongs to a graph to make a model of it.</summary>
/// <param name="Name">In requests.</param>
/// <param name="Folder">What the files say.</param>
/// <param name="Passes">That were applied to the graph.</param>
/// <param name="Tokenizer">Of its tokenizer.json.</param>
/// <param name="MaxTokens">Null: what the folder says.</param>
internal sealed record ModelParts(string Name, ModelFolder Folder, IReadOnlyList<UpgradePass> Passes, Tokenizer Tokenizer, int? MaxTokens)
{
    /// <summary>The space of the vectors of a graph.</summary>
    /// <exception cref="ModelFormatException">A module does not take the numbers of the one before it.</exception>
    public VectorSpace Space(string hash, int width)
    {
        if (MaxTokens > Folder.MaxTokens)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Encoder:Models MaxTokens {MaxTokens} is more than the model in {Folder.Path} reads.", "MaxTokens", $"{MaxTokens}", $"{Folder.MaxTokens}", "Lower it, or leave it out.");
        }
        string pooling = Passes.Any(p => p.PoolsText) ? "multi-layer" : Folder.PoolingMode;
        return new VectorSpace
        {
            Weights = hash,
            Tokenizer = Tokenizer.Hash,
            DocumentTemplate = Folder.DocumentTemplate,
            MaxTokens = MaxTokens ?? Folder.MaxTokens,
            Layer = Passes.LastOrDefault(p => p.Layer is not null)?.Layer,
            Dimensions = Folder.Steps.Aggregate(width, (inputs, step) => step.Outputs(inputs)),
            Pooling = Folder.Instruction == InstructionMask.None ? pooling : $"{pooling}-{Folder.Instruction}".ToLowerInvariant(),
            PostProcessing = [.. Folder.Steps.Select(s => s.Id)],
        };
    }
}

/// <summary>A loaded model: texts' tokens to vectors.</summary>
internal sealed class EncoderModel : IDisposable
{
    private readonly EncoderSession _session;
    private readonly ModelFolder _folder;
    private readonly string _output;
    private readonly int _width;
    private readonly IReadOnlyList<EmptyCache> _caches;
    private readonly string[] _inputs;
    private readonly bool _poolsText;
    private readonly Placeholder? _placeholder;

    /// <summary>Makes a model of a graph and what belongs to it; makes sure that both fit.</summary>
    /// <exception cref="ModelFormatException">Which file, what is wrong, the way out.</exception>
    public EncoderModel(ModelParts parts, OpenedGraph graph)
    {
        (Name, _folder, Tokenizer, _session, (_output, _width, _caches)) = (parts.Name, parts.Folder, parts.Tokenizer, graph.Session, graph.Ports);
        _inputs = [.. _session.Inputs.Except(_caches.Select(c => c.Name))];
        _poolsText = parts.Passes.Any(p => p.PoolsText);
        _placeholder = parts.Passes.LastOrDefault(p => p.Placeholder is not null)?.Placeholder is { } token ? Placeholder.Of(token, Tokenizer, _folder.Path) : null;
        VectorSpace space = parts.Space(graph.Hash, graph.Ports.Width);
        Description = new EncoderDescription { Model = Name, Space = space, QueryPrompt = TemplateOf(InputKind.Query).Before, SpecialTokens = Tokenizer.SpecialTokens, Provider = graph.Provider };
    }

    /// <summary>Name in requests.</summary>
    public string Name { get; }

    /// <summary>What callers need to know.</summary>
    public EncoderDescription Description { get; }

    /// <summary>Of its tokenizer.json.</summary>
    public Tokenizer Tokenizer { get; }

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
            GraphPorts ports = GraphPorts.Of(folder, info.Inputs, info.Outputs, passes);
            return new EncoderModel(new ModelParts(name, folder, passes, Tokenizer.Load(folder.Tokenizer), maxTokens), new OpenedGraph(session, taken, graph.Hash, ports));
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

    /// <summary>Column of the placeholder among a text's tokens; -1 where there is none.</summary>
    public int Column(TextTemplate template, Encoding tokens) => _placeholder?.Column(template, tokens) ?? -1;

    /// <summary>First tokens of a text that are not pooled: of its prompt, as the authors or as strictly as one would.</summary>
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

    /// <summary>Runs a batch and settles its texts.</summary>
    public void Run(List<TextWork> batch, BatchBuffers buffers)
    {
        int columns = batch.Max(t => t.Length);
        (long[] ids, long[] mask, long[] types, long[] positions) = buffers.Fill(batch, columns);
        (string, long[])[] inputs = [.. _inputs.Select(name => (name, name switch
        {
            ModelInputs.Ids => ids,
            ModelInputs.Mask => mask,
            ModelInputs.Positions => positions,
            ModelInputs.Placeholder => BatchBuffers.Placeholders(batch, columns),
            _ => types,
        }))];
        float[][] results = _session.Run(inputs, _caches, batch.Count, columns, _output, (states, _) => Read(batch, states, columns));
        for (int row = 0; row < batch.Count; row++)
        {
            batch[row].Done.TrySetResult(results[row]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private float[][] Read(List<TextWork> batch, ReadOnlySpan<float> states, int columns)
    {
        float[][] results = new float[batch.Count][];
        for (int row = 0; row < results.Length; row++)
        {
            if (_poolsText)
            {
                results[row] = Finished(states.Slice(row * _width, _width).ToArray());
                continue;
            }
            ReadOnlySpan<float> own = states.Slice(row * columns * _width, batch[row].Length * _width);
            results[row] = batch[row].WantsTokens ? TokenVectors(batch[row], own) : TextVector(own[(batch[row].LeftOut * _width)..], batch[row].Length - batch[row].LeftOut);
        }
        return results;
    }

    private float[] TextVector(ReadOnlySpan<float> states, int tokens)
    {
        float[] vector = new float[_width];
        Pooling.Pool(_folder.PoolingMode, states, tokens, vector);
        return Finished(vector);
    }

    private float[] Finished(float[] pooled) => _folder.Steps.Aggregate(pooled, (v, step) => step.Apply(v));

    /// <summary>Late interaction compares directions: token vectors have unit length whatever the text vector has.</summary>
    private float[] TokenVectors(TextWork text, ReadOnlySpan<float> states)
    {
        List<float> vectors = new(text.Length * Description.Space.Dimensions);
        for (int i = 0; i < text.Length; i++)
        {
            if (!text.Tokens.IsSpecial[i])
            {
                vectors.AddRange(UnitLength.Instance.Apply(_folder.Steps.Aggregate(states.Slice(i * _width, _width).ToArray(), (v, step) => step.Apply(v))));
            }
        }
        return [.. vectors];
    }
}

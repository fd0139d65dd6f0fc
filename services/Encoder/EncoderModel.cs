using System.Diagnostics;
using Retrieval.Contracts;
using Retrieval.Onnx;
using Retrieval.OnnxRuntime;
using Retrieval.Tokenization;
using Retrieval.Vectors;

namespace Retrieval.Encoder;

/// <summary>A loaded model: texts' tokens to vectors.</summary>
internal sealed class EncoderModel : IDisposable
{
    private const int Float32 = 1, Float16 = 10, Int64 = 7;
    private static readonly string[] KnownInputs = ["input_ids", "attention_mask", "token_type_ids"];
    private static readonly string[] UsualOutputs = ["last_hidden_state", "token_embeddings"];

    private readonly EncoderSession _session;
    private readonly ModelFolder _folder;
    private readonly string _output;
    private readonly int _width;

    private EncoderModel(string name, ModelFolder folder, Tokenizer tokenizer, EncoderSession session, string output, int width, VectorSpace space, string provider)
    {
        (Name, _folder, Tokenizer, _session, _output, _width) = (name, folder, tokenizer, session, output, width);
        Description = new EncoderDescription { Model = name, Space = space, QueryPrompt = folder.QueryPrompt, SpecialTokens = tokenizer.SpecialTokens, Provider = provider };
    }

    /// <summary>Name in requests.</summary>
    public string Name { get; }

    /// <summary>What callers need to know.</summary>
    public EncoderDescription Description { get; }

    /// <summary>Of its tokenizer.json.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>tokenizer.json itself, for roles in other processes.</summary>
    public string TokenizerFile => _folder.Tokenizer;

    /// <summary>Reads the folder, opens the graph, and makes sure that both fit.</summary>
    /// <exception cref="RetrievalException">Invalid: which file, what is wrong, the way out.</exception>
    public static EncoderModel Load(ModelOptions options, string provider)
    {
        try
        {
            ModelFolder folder = ModelFolder.Read(options.Path);
            OnnxModelInfo graph = OnnxModelInfo.Read(folder.Graph);
            (string output, int width) = Output(folder, graph);
            Tokenizer tokenizer = Tokenizer.Load(folder.Tokenizer);
            VectorSpace space = Space(folder, graph, tokenizer, options, width);
            (EncoderSession session, string taken) = ProviderChoice.Open(folder.Graph, provider);
            return new EncoderModel(options.Name ?? Path.GetFileName(folder.Path.TrimEnd(Path.DirectorySeparatorChar)), folder, tokenizer, session, output, width, space, taken);
        }
        catch (Exception e) when (e is ModelFormatException or OnnxFormatException or TokenizerFormatException or IOException or UnauthorizedAccessException)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The model in {options.Path} cannot be served: {e.Message}", "Encoder:Models", options.Path, inner: e);
        }
    }

    /// <summary>The document's or query's prompt and the text.</summary>
    public string Prompted(string text, InputKind kind) => kind switch
    {
        InputKind.Query => _folder.QueryPrompt + text,
        InputKind.Document => _folder.DocumentPrompt + text,
        _ => text,
    };

    /// <summary>Runs a batch and settles its texts.</summary>
    public void Run(List<TextWork> batch, BatchBuffers buffers)
    {
        int columns = batch.Max(t => t.Length);
        (long[] ids, long[] mask, long[] types) = buffers.Fill(batch, columns);
        (string, long[])[] inputs = [.. _session.Inputs.Select(name => (name, name switch { "input_ids" => ids, "attention_mask" => mask, _ => types }))];
        float[][] results = _session.Run(inputs, batch.Count, columns, _output, (states, _) => Read(batch, states, columns));
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
            ReadOnlySpan<float> own = states.Slice(row * columns * _width, batch[row].Length * _width);
            results[row] = batch[row].WantsTokens ? TokenVectors(batch[row], own) : TextVector(own, batch[row].Length);
        }
        return results;
    }

    private float[] TextVector(ReadOnlySpan<float> states, int tokens)
    {
        float[] vector = new float[_width];
        Pooling.Pool(_folder.PoolingMode, states, tokens, vector);
        return Finish(vector, _folder.Normalize);
    }

    /// <summary>Late interaction compares directions: token vectors have unit length whatever the text vector has.</summary>
    private float[] TokenVectors(TextWork text, ReadOnlySpan<float> states)
    {
        List<float> vectors = new(text.Length * Description.Space.Dimensions);
        for (int i = 0; i < text.Length; i++)
        {
            if (!text.Tokens.IsSpecial[i])
            {
                vectors.AddRange(Finish(states.Slice(i * _width, _width).ToArray(), normalize: true));
            }
        }
        return [.. vectors];
    }

    private float[] Finish(float[] vector, bool normalize)
    {
        foreach (DenseLayer dense in _folder.Dense)
        {
            float[] next = new float[dense.Outputs];
            dense.Apply(vector, next);
            vector = next;
        }
        return !normalize || Kernels.Normalize(vector) ? vector : throw new UnreachableException("The model gave a vector without length or with a number that is not finite.");
    }

    /// <summary>The float output of shape (texts, tokens, width), by its usual name or as the only one of that shape.</summary>
    private static (string Name, int Width) Output(ModelFolder folder, OnnxModelInfo graph)
    {
        foreach (OnnxValue input in graph.Inputs)
        {
            if (!KnownInputs.Contains(input.Name) || input.ElementType != Int64)
            {
                throw new ModelFormatException(folder.Graph, $"wants input '{input.Name}' of element type {input.ElementType}; int64 {string.Join(", ", KnownInputs)} are fed. Export the encoder without past keys or positions.");
            }
        }
        OnnxValue[] states = [.. graph.Outputs.Where(o => o.ElementType is Float32 && o.Shape.Count is 3)];
        OnnxValue state = Array.Find(states, s => UsualOutputs.Contains(s.Name)) ?? (states.Length == 1 ? states[0] : throw new ModelFormatException(folder.Graph,
            $"has no float32 output of token states; its outputs are {string.Join(", ", graph.Outputs.Select(o => $"{o.Name}({string.Join(',', o.Shape)}{(o.ElementType == Float16 ? " float16" : "")})"))}. Export the model with last_hidden_state as output."));
        int width = int.TryParse(state.Shape[2], out int declared) ? declared
            : folder.HiddenSize ?? throw new ModelFormatException(folder.Graph, $"does not say how wide its output '{state.Name}' is, and config.json has no hidden_size.");
        return (state.Name, width);
    }

    private static VectorSpace Space(ModelFolder folder, OnnxModelInfo graph, Tokenizer tokenizer, ModelOptions options, int width)
    {
        int at = width;
        foreach (DenseLayer dense in folder.Dense)
        {
            at = dense.Inputs == at ? dense.Outputs : throw new ModelFormatException(folder.Path, $"has a Dense module of {dense.Inputs} inputs behind {at} numbers.");
        }
        if (options.MaxTokens > folder.MaxTokens)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Encoder:Models MaxTokens {options.MaxTokens} is more than the model in {folder.Path} reads.", "MaxTokens", $"{options.MaxTokens}", $"{folder.MaxTokens}", "Lower it, or leave it out.");
        }
        return new VectorSpace
        {
            Weights = graph.Hash,
            Tokenizer = tokenizer.Hash,
            DocumentTemplate = folder.DocumentTemplate,
            MaxTokens = options.MaxTokens ?? folder.MaxTokens,
            Dimensions = at,
            Pooling = folder.PoolingMode,
            PostProcessing = [.. folder.Dense.Select(d => d.Id), .. folder.Normalize ? ["normalize"] : Array.Empty<string>()],
        };
    }
}
